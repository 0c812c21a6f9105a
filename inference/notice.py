"""The notice at the entrance: what the store really does, and whether somebody has seen it hang."""

from __future__ import annotations

from typing import Any, Literal

from inference.models import FaceAudit, NoticeConfirmation, Store
from inference.retention import SNAPSHOT_DAYS, WAITING_DAYS

WORDS = {"age": "age group", "gender": "gender", "mood": "expression (positive, neutral or negative)"}
State = Literal["missing", "outdated", "confirmed"]


def what_it_does(store: Store) -> dict[str, Any]:
    """What visitors must know, from the settings; kept with each confirmation, and compared with later settings."""
    says = {
        "estimates": [WORDS[task] for task in store.tasks],
        "counts_only": store.counts_only or not store.tasks,
        "picture_days": WAITING_DAYS,
        "file_name_days": SNAPSHOT_DAYS,
        "responsible": store.responsible,
        "contact": store.privacy_contact,
    }
    audit = FaceAudit.objects.running().filter(store=store).first()
    if audit is not None:  # named only where there is one, so that other stores' confirmations hold
        says |= {
            "faces_kept": audit.wanted,
            "faces_kept_until": audit.keep_until.astimezone(store.zone).date().isoformat(),
        }
    return says


def state(store: Store) -> tuple[State, NoticeConfirmation | None]:
    """Whether a notice hangs that says what is done now."""
    last = store.notices.select_related("confirmed_by").first()
    if last is None:
        return "missing", None
    return ("confirmed" if last.says == what_it_does(store) else "outdated"), last


def lacks(store: Store) -> list[str]:
    """What must be filled in before the notice can be printed."""
    fields = (("who is responsible", store.responsible), ("whom visitors can ask", store.privacy_contact))
    return [name for name, value in fields if not value.strip()]
