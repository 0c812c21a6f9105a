"""What tills write of a row: paid, voided or paid back; all in lower case."""

from __future__ import annotations

from typing import Final

PAID: Final = frozenset((
    "paid", "completed", "complete", "closed", "successful", "success", "approved", "captured", "settled", "done",
    "delivered", "shipped", "processing", "finished", "ok", "sale", "bezahlt", "abgeschlossen", "erfolgreich",
    "betalt", "fullført", "slutförd", "betald", "payé", "payée", "terminé", "pagado", "completado", "pagato",
    "completato", "betaald", "voltooid", "pago", "concluído", "opłacone", "zakończone",
))  # fmt: skip
VOIDED: Final = frozenset((
    "void", "voided", "cancelled", "canceled", "failed", "declined", "pending", "open", "parked", "expired", "unpaid",
    "rejected", "error", "draft", "abandoned", "on hold", "on-hold", "pending payment", "payment pending",
    "awaiting payment", "wc-pending", "wc-failed", "wc-cancelled", "wc-on-hold", "checkout-draft", "incomplete",
    "storniert", "storno", "abgebrochen", "fehlgeschlagen", "offen", "annullert", "annullerad", "makulerad", "feilet",
    "annulé", "annulée", "échoué", "anulado", "anulada", "fallido", "annullato", "fallito", "geannuleerd",
    "cancelado", "avbelegabbruch", "avbelegstorno",
))  # fmt: skip
REFUNDS: Final = frozenset((
    "refund", "refunded", "wc-refunded", "return", "returned", "returns", "credit note", "erstattung", "rückgabe",
    "retoure", "gutschrift", "rückerstattung", "retur", "kreditnota", "refusjon", "återbetalning", "retour",
    "remboursement", "avoir", "devolución", "reembolso", "abono", "reso", "rimborso", "terugbetaling", "devolução",
    "zwrot",
))  # fmt: skip
YES: Final = frozenset(
    ("true", "yes", "y", "1", "x", "ja", "j", "oui", "si", "sí", "voided", "void", "wahr", "tak", "storno", "kyllä")
)


def tells(text: str) -> bool:
    """Whether a cell says what became of a receipt."""
    return text.strip().lower() in PAID | VOIDED | REFUNDS
