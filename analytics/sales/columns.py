"""Which column is what: guessed by names in many languages, held against what the cells contain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from analytics.sales import kinds, numbers
from analytics.sales.headers import compact, spellings, words
from analytics.sales.times import Clock

SAMPLE: Final = 400  # rows that a guess looks at
MOST: Final = 0.6  # share of the cells that must be what the column is taken for
FEW: Final = 10
UTC: Final = ZoneInfo("UTC")
# Written where there is nothing; in lower case.
NOTHING: Final = frozenset(
    ("", "-", "–", "--", "n/a", "na", "nan", "null", "none", "#n/a", "nil", "error", "unknown", "nat", "k.a.")
)

# What tills and spreadsheets call things; of the columns that a file has, the one named first is taken.
SYNONYMS: Final[dict[str, str]] = {
    "visit_ref": "visit_ref; visit reference; ticket reference",
    "age_mark": "age_mark; age key; age band",
    "gender_mark": "gender_mark; gender key",
    "receipt": """
        receipt; receipt number; receipt no; receipt nr; receipt id; receipt #; check id; invoice; invoice id; invoice
        no; invoice number; invoice nr; invoice #; invoice/item number; ticket number; ticket no; ticket id; ticket;
        ticket #; bill; bill no; bill number; bill id; bill #; check number; check #; check id; check; order id; order
        number; order no; order #; order nr; order; sales order number; transaction number; transaction no;
        transaction id; transaction #; transaction; trans id; trans no; txn id; tx id; txn; sale id; sale number; sale
        no; sale #; sales id; basket id; basket; cart id; pos number; journal number; bon; bonnr; bon nr; bon nummer;
        bonnummer; bon id; belegnummer; belegnr; beleg nr; beleg; kassenbon; rechnungsnummer; rechnungsnr; rechnung
        nr; rechnung; vorgangsnummer; bestellnummer; bestellung; auftragsnummer; transaktions-id; transaktionsnummer;
        transaktion; kvittering; kvitteringsnummer; kvitteringsnr; kvitt.nr; kvitto; kvittonummer; kvittonr; bongnr;
        bong; bongnummer; ordrenummer; ordernummer; fakturanummer; faktura; bilag; bilagsnummer; bon-nr; kuitti;
        kuittinumero; tosite; numéro de ticket; n° ticket; no ticket; n° de ticket; numéro de reçu; reçu; numéro de
        facture; n° facture; facture; numéro de commande; commande; numéro de transaction; recibo; número de recibo;
        nº recibo; número de ticket; nº ticket; factura; nº factura; número de factura; pedido; número de pedido; id
        de transacción; operación; scontrino; numero scontrino; n. scontrino; ricevuta; numero ricevuta; fattura;
        numero documento; ordine; id transazione; bonnetje; kassabon; kassabonnummer; factuurnummer; bestelnummer;
        transactienummer; transactie; recibo nº; cupom; número do cupom; nota; número da nota; nº fatura; nº
        documento; número do documento; nº venda; talão; nº talão; fatura; número do pedido; pedido nº; paragon; nr
        paragonu; numer paragonu; numer transakcji; nr dokumentu; číslo účtenky; účtenka; číslo dokladu; doklad; nr
        transakcji; id; nr; no; number; nummer; numéro; número; #
    """,
    "paid_at": """
        paid_at; paid at; paid date; paid; line item date; payment date; payment time; date & time; date and time;
        datetime; date time; timestamp; transaction datetime; transaction timestamp; closed; closed at; closed date;
        completed at; sale datetime; sale date; sales date; transaction date; trans date; txn date; transdate; receipt
        date; invoice date; order datetime; order date; order timestamp; purchase date; purchase timestamp; business
        date; created at; created; created date; created date utc; date; event time; time stamp; t dat; date of sale;
        sold at; opened; zeitpunkt; zeitstempel; datum/uhrzeit; datum uhrzeit; datum und uhrzeit; datum & uhrzeit;
        belegdatum; buchungsdatum; bezahlt am; verkaufsdatum; rechnungsdatum; bestelldatum; datum; tag; erstellt am;
        kaufdatum; abschlussdatum; tidspunkt; dato/tid; dato tid; dato og tid; datum tid; datum och tid; datum/tid;
        dato; salgsdato; försäljningsdatum; ordredato; päivämäärä; pvm; aika; date et heure; date/heure; date heure;
        horodatage; date de vente; date de paiement; date du ticket; date de transaction; fecha y hora; fecha/hora;
        fecha hora; fecha; fecha de venta; fecha de pago; fecha de pedido; data e ora; data/ora; data ora; data; data
        vendita; data operazione; datum en tijd; datum/tijd; verkoopdatum; data e hora; data hora; data/hora; data da
        venda; data sprzedaży; data i godzina; data transakcji; datum a čas; datum prodeje
    """,
    "time": """
        time; transaction time; trans time; sale time; sales time; order time; purchase time; receipt time; invoice
        time; time of day; hour; uhrzeit; zeit; belegzeit; buchungszeit; kaufzeit; tid; klokkeslett; klokkeslæt;
        klokke; klockslag; tidspunkt; klo; kello; kellonaika; heure; heure de vente; hora; hora de venta; ora; orario;
        tijd; tijdstip; godzina; czas; čas; verkooptijd; försäljningstid
    """,
    "quantity": """
        quantity; qty; transaction qty; lineitem quantity; order quantity; quantity ordered; quantity sold; qty sold;
        sold quantity; units sold; units; item quantity; item qty; item cnt day; no of units; number of units; bottles
        sold; pcs; pieces; count; rqty; sales qty; menge; anzahl; stück; stk; stückzahl; anz; verkaufte menge; antall;
        mengde; antal; kpl; määrä; quantité; qté; qte; nombre d'articles; cantidad; cant; unidades; uds; quantità;
        qta; q.tà; pezzi; aantal; hoeveelheid; stuks; quantidade; qtd; qtde; ilość; szt; množství; počet; antal st
    """,
    "items": """
        items; item count; items count; number of items; no of items; total items; items sold; total quantity; total
        qty; num items; # items; article count; anzahl artikel; artikelanzahl; antall varer; antal varor; antal varer;
        nb articles; nombre d'articles; n° articoli
    """,
    "unit_price": """
        unit price; lineitem price; price per unit; unit retail price; price each; item price; unit cost price; single
        price; sale price; selling price; retail price; sales price; list price; price; rate; mrp; unit sales price;
        rprice; einzelpreis; stückpreis; e-preis; vk-preis; verkaufspreis; preis; enhetspris; stykpris; stk pris;
        pris; à-pris; a pris; yksikköhinta; hinta; prix unitaire; prix unitaire ttc; pu; pu ttc; prix; precio
        unitario; precio; prezzo unitario; prezzo; stukprijs; eenheidsprijs; prijs; preço unitário; preço unit; preço;
        cena jednostkowa; cena brutto; cena; cena za kus; jednotková cena
    """,
    "amount": """
        amount; total w/ tax; total with tax; total collected; total amount; total paid; amount paid; line total;
        linetotal; lineitem total; item total; total line amount; total; grand total; total price; total sales; total
        sale; total revenue; total spent; total value; total cost; total bill; total incl tax; total incl vat; total
        inc tax; total including tax; total with tax; total ttc; order total; order amount; order value; invoice
        total; invoice amount; receipt total; transaction amount; transaction total; trans total; trans amount; txn
        amount; bill amount; sale total; sale amount; sales amount; purchase amount; payment amount; paid amount;
        basket value; ticket total; amount incl vat; amount including tax; price total; final price; final amount;
        gross amount; gross total; gross; sales; sale; sale dollars; sales value; revenue; turnover; spend; value;
        money; sum; payment value; betrag; gesamtbetrag; gesamtsumme; gesamt; gesamtpreis; summe; endbetrag;
        rechnungsbetrag; bruttobetrag; brutto; bruttosumme; bruttoumsatz; umsatz; umsatz brutto; betrag brutto; betrag
        inkl. mwst; betrag inkl. mwst.; bezahlt; zahlbetrag; positionsbetrag; ums brutto; summe brutto; total brutto;
        beløp; sum inkl mva; totalt; totalbeløp; total inkl. mva; brutto beløp; omsetning; belopp; summa; totalbelopp;
        summa inkl moms; att betala; omsättning; beløb; i alt; total inkl moms; omsætning; yhteensä; loppusumma;
        brutto summa; montant; montant ttc; montant total; total ttc; prix total; ca ttc; chiffre d'affaires; à payer;
        importe; importe total; monto; monto total; total con iva; precio total; venta; ventas; valor; ingresos;
        importo; importo totale; totale; totale lordo; prezzo totale; incasso; bedrag; totaal; totaalbedrag; totaal
        incl btw; totaalprijs; omzet; valor total; total geral; preço total; kwota; suma; wartość; razem; wartość
        brutto; kwota brutto; celkem; cena celkem; částka; total com iva; valor com iva; totaal incl; totaal incl btw;
        net sales; net total; net amount; net revenue; net; netto; nettobetrag; nettoumsatz; subtotal; sub total;
        zwischensumme; total ht; montant ht; base imponible; imponibile; gross sales; gross revenue
    """,
    "tax": """
        tax; taxes; tax amount; sales tax; total tax; vat; vat amount; total vat; gst; mwst; mwst betrag; ust;
        umsatzsteuer; steuer; steuerbetrag; mva; moms; tva; montant tva; iva; imposta; impuestos; btw; btw bedrag;
        imposto; vero; alv
    """,
    "tip": """
        tip; tips; tip amount; gratuity; trinkgeld; trinkgeldbetrag; tips beløp; driks; dricks; pourboire; propina;
        mancia; fooi; gorjeta
    """,
    "discount": """
        discount; discounts; discount amount; total discount; line discount; lineitem discount; discount value;
        rabatt; rabattbetrag; nachlass; rabat; remise; réduction; descuento; descuentos; sconto; korting; desconto;
        alennus
    """,
    "refunded": "refunded amount; amount refunded; total refunded; refund amount",
    "product": """
        product name; item name; product; item; lineitem name; product detail; product description; item description;
        description; article; article name; itemname; product title; menu item; items; details; coffee name; pizza
        name; sku name; name of product; dish; style; artikel; artikelname; artikelbezeichnung; bezeichnung; produkt;
        produktname; artikeltext; ware; gericht; vare; varenavn; varetekst; produktnavn; vara; artikelnamn; benämning;
        produktnamn; tuote; nimike; désignation; libellé; nom du produit; produit; artículo; descripción; producto;
        nombre del producto; concepto; articolo; descrizione; prodotto; nome prodotto; omschrijving;
        artikelomschrijving; productnaam; produto; descrição; nome do produto; produkt nazwa; nazwa produktu; nazwa
        towaru; towar; nazwa; položka; zboží; název; product id; item id; article id; stock code; stockcode; product
        code; item code; sku; plu; ean; artikelnummer; artikelnr; varenummer
    """,
    "category": """
        category; product category; item category; product line; category name; pizza category; item type; product
        type; product group; department; department name; section; class; family; product family; sub category;
        sub-category; category code; category id; reporting category; warengruppe; kategorie; produktgruppe;
        artikelgruppe; sparte; varegruppe; kategori; avdeling; varugrupp; produktkategori; tuoteryhmä; catégorie;
        famille; rayon; categoría; familia; sección; categoria; reparto; famiglia; categorie; productgroep; groep;
        departamento; kategoria; grupa; kategorie; skupina
    """,
    "till": """
        till; till id; till number; register; register id; register name; terminal; terminal id; pos; pos id; pos
        name; pos terminal; device; device name; device id; workstation; cash register; counter; kiosk; lane; machine;
        kasse; kassen id; kassennummer; kassenid; kasse nr; kassenr; kassen-nr; kassa; kassanr; kassenummer; terminal
        nr; caisse; n° caisse; caja; nº caja; tpv; cassa; n. cassa; kassanummer; caixa; kasa; nr kasy; kassapääte
    """,
    "branch": """
        branch; branch name; branch id; store name; store; store location; shop; shop name; outlet; outlet name;
        location; location name; site; shopping mall; mall; store id; shop id; store number; location id; filiale;
        standort; filialnummer; markt; betriebsstätte; laden; butikk; butikknavn; avdelingsnavn; butik; butiksnamn;
        forretning; myymälä; toimipiste; magasin; boutique; point de vente; établissement; tienda; sucursal; local;
        establecimiento; negozio; punto vendita; filiale nome; sede; winkel; vestiging; filiaal; loja; filial; sklep;
        oddział
    """,
    "voided": """
        voided; void; is void; is voided; cancelled; canceled; is cancelled; storno; storniert; bon storno; annulé;
        anulado; annullert; makulerad; deleted
    """,
    "status": """
        status; order status; financial status; payment status; transaction status; receipt status; sale status;
        result; state; belegstatus; zahlungsstatus; stand; statut; état; estado; stato; tila; tilstand
    """,
    "kind": """
        kind; type; receipt type; transaction type; event type; line type; sale type; document type; record type; row
        type; typ; art; belegart; belegtyp; vorgangsart; bon typ; transaktionstyp; transaktionsart; transaksjonstype;
        type de transaction; tipo; tipo de transacción; tipo transazione; soort
    """,
}  # fmt: skip
PLACES: Final = {
    field: {compact(name): place for place, name in reversed(list(enumerate(names.replace("\n", " ").split(";"))))}
    for field, names in SYNONYMS.items()
}

# Words that, in a name of no synonym, still tell what a column is, and words that then speak against it.
HINTS: Final[dict[str, tuple[str, str]]] = {
    "receipt": (r"\b(receipt|invoice|bill|ticket|order|transaction|trans|sale|basket|bon|beleg|kvittering)\b.*"
                r"\b(id|no|nr|num|number|nummer|#)\b",
                "customer item product line type date detail details payment card"),
    "paid_at": (r"date|datum|dato|fecha|timestamp|datetime|\bdata\b|zeitpunkt",
                "ship shipping ship due birth delivery delivered payout expiry update updated fulfilled refund "
                "settlement day name id key block num processed prcd"),
    "time": (r"\b(time|zeit|uhrzeit|heure|hora|tid)\b", "zone zeitzone of ship delivery prep"),
    "quantity": (r"qty|quantity|menge|quantit|cantidad|antall|\bunits\b", "price cost total stock on hand"),
    "unit_price": (r"price|preis|\bpris\b|prix|precio|prezzo|prijs", "total cost list msrp final category band range"),
    "amount": (r"total|amount|revenue|sales|betrag|umsatz|summe|montant|importe|beløp|belop|turnover|paid",
               "tax vat tip subtotal discount cost fee qty quantity items item_count count units percent profit margin "
               "refund refunded return change balance points id date by channel rep person no number type status "
               "method price shipping weight gst net"),
    "product": (r"\b(product|item|article|artikel|menu)\w*\b.*\b(name|description|detail|title|text)\b",
                "id type category group count"),
    "category": (r"category|categor|kategori|department|warengruppe", "id customer price age"),
    "branch": (r"\b(store|branch|shop|outlet|location|filial)\b",
               "type id number address city state phone zip size ship"),
    "discount": (r"discount|rabat|remise|descuento|sconto", "code applied name type"),
}  # fmt: skip


def nothing(text: str) -> bool:
    return text.strip().lower() in NOTHING


@dataclass(frozen=True)
class Column:
    """A column of the file with the cells of its first rows that are not empty."""

    name: str
    values: tuple[str, ...]

    def share(self, test: Callable[[str], bool]) -> float:
        """Share of the cells that pass; 0 where all are empty."""
        return sum(map(test, self.values)) / len(self.values) if self.values else 0.0

    def mostly(self, test: Callable[[str], bool]) -> bool:
        """Whether most cells pass; of a few cells, one will do, as the others may be what is wrong with the file."""
        share = self.share(test)
        return share >= MOST or (len(self.values) < FEW and share > 0)

    def is_number(self) -> bool:
        return self.mostly(_is_number)

    def is_date(self) -> bool:
        return self.mostly(_is_date)

    def is_time(self) -> bool:
        return self.mostly(_is_time)

    def has_times(self) -> bool:
        """Dates with a time of day that is not always midnight."""
        return self.share(_has_time) > 0.05

    def is_text(self) -> bool:
        return self.share(_is_number) < MOST and not self.is_date()

    def has_cents(self) -> bool:
        return self.is_number() and any(re.search(r"\d[.,]\d{1,2}\D*$", value) for value in self.values)

    def repeats(self) -> bool:
        return len(set(self.values)) < len(self.values)


def columns_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Column]:
    kept = list(rows)
    return [
        Column(name, tuple(row[k].strip() for row in kept if k < len(row) and not nothing(row[k])))
        for k, name in enumerate(names)
    ]


def _is_number(text: str) -> bool:
    try:
        numbers.number(text)
    except ValueError:
        return False
    return True


def _is_number_or_percent(text: str) -> bool:
    return _is_number(text.rstrip("% "))


def _is_date(text: str) -> bool:
    if text.replace(".", "").replace(",", "").isdigit() and not re.fullmatch(
        r"(20\d{6}(\d{6})?|\d{1,2}\.\d{1,2}\.(\d\d|\d{4})|1\d{9}(\d{3})?|4\d{4}(\.\d+)?)", text
    ):
        return False
    for order in ("day-first", "month-first"):
        try:
            Clock(UTC, order).moment(text)
            return True
        except (ValueError, OverflowError):
            continue
    return False


def _has_time(text: str) -> bool:
    return Clock(UTC, "day-first").has_time(text) or Clock(UTC, "month-first").has_time(text)


def _is_time(text: str) -> bool:
    if _is_number(text) and not re.fullmatch(r"\d{1,2}\.\d\d|[0-2]\d[0-5]\d([0-5]\d)?|0\.\d{3,}", text):
        return False
    try:
        Clock(UTC).moment_of("2020-01-01", text)
    except ValueError:
        return False
    return len(text) <= 20


STATES: Final = frozenset(map(compact, ("state", "estado", "stato", "stand", "état")))
# What a column must contain to be taken for a field.
TESTS: Final[dict[str, Callable[[Column], bool]]] = {
    "paid_at": Column.is_date, "time": Column.is_time, "amount": Column.is_number, "unit_price": Column.is_number,
    "quantity": Column.is_number, "items": Column.is_number, "tax": Column.is_number, "tip": Column.is_number,
    "discount": lambda column: column.mostly(_is_number_or_percent), "refunded": Column.is_number,
    # A state may be California.
    "status": lambda column: compact(column.name) not in STATES or any(map(kinds.tells, column.values)),
}  # fmt: skip
ORDER: Final = (
    "visit_ref", "age_mark", "gender_mark", "receipt", "paid_at", "time", "refunded", "tip", "tax", "discount", "items",
    "quantity", "unit_price", "amount", "product",
    "category", "voided", "status", "kind", "till", "branch",
)  # fmt: skip


def guess(columns: Sequence[Column], personal: frozenset[str]) -> dict[str, str]:
    """Our field -> the column that is most likely it; what is about people is never taken."""
    found: dict[str, str] = {}
    free = [column for column in columns if column.name not in personal]
    for field in ORDER:
        best = _best(field, [column for column in free if column.name not in found.values()])
        if best is not None:
            found[field] = best.name
    return _settled(found, {column.name: column for column in free})


def _anything(column: Column) -> bool:
    return True


def _best(field: str, columns: Sequence[Column]) -> Column | None:
    fitting = [column for column in columns if not column.values or TESTS.get(field, _anything)(column)]
    ranked = [(rank, column) for column in fitting if (rank := _rank(field, column)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _rank(field: str, column: Column) -> tuple[int, int] | None:
    """Smaller is better: a synonym by its place, behind all synonyms a hint; None where the name says neither."""
    places = [PLACES[field][name] for name in spellings(column.name) if name in PLACES[field]]
    better = 0 if column.values else 1
    if field == "paid_at" and column.values:
        better = 0 if column.has_times() else 1
    if field == "product" and not column.is_text():
        better = 1
    if places:
        return better, min(places)
    if field in HINTS:
        hint, against = HINTS[field]
        told = words(column.name)
        if re.search(hint, " ".join(told)) and not set(told) & set(against.split()):
            return better + (0 if field == "paid_at" else 2), 1000 + len(told)
    return None


def _settled(found: dict[str, str], by_name: dict[str, Column]) -> dict[str, str]:
    """What one column says about another: a price without quantities is an amount, dates and times make one."""
    if "paid_at" not in found:
        _by_content(found, by_name, "paid_at", Column.is_date)
    if "paid_at" in found and "time" in found:
        if by_name[found["paid_at"]].has_times():
            del found["time"]
        else:
            found["date"] = found.pop("paid_at")
    if "amount" not in found and "unit_price" in found and "quantity" not in found:
        found["amount"] = found.pop("unit_price")
    if "amount" not in found and "unit_price" not in found:
        _by_content(found, by_name, "amount", Column.has_cents)
    if "items" in found and "quantity" not in found and ("product" in found or "unit_price" in found):
        found["quantity"] = found.pop("items")
    return found


def _by_content(found: dict[str, str], by_name: dict[str, Column], field: str, test: Callable[[Column], bool]) -> None:
    """The one column that contains it, if it is one and its name is of no field."""
    named = set(found.values()) | {
        name for name in by_name if any(_rank(f, by_name[name]) for f in ORDER if f != field)
    }
    fitting = [name for name, column in by_name.items() if name not in named and test(column)]
    if len(fitting) == 1:
        found[field] = fitting[0]
