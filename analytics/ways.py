"""How it is known who buys: the way that was taken, why, and how far it can be trusted, for a shopkeeper."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """`name` completes “Known …”."""

    name: str
    why: str


WAYS: dict[str, Way] = {
    "reference": Way("by references", "Receipts name the visits that made them."),
    "tickets": Way(
        "by tickets", "Tickets were handed out by chance, and the receipts that carry them stand for all the others."
    ),
    "till": Way(
        "by faces at the till", "A camera at the till sees who pays; buyers by group are set against visitors by group."
    ),
    "marks": Way(
        "by cashiers’ keys",
        "Cashiers key an age band or gender, and it was checked how often they are right; buyers by group are set "
        "against visitors by group.",
    ),
    "mixed": Way(
        "by references and by time",
        "Some receipts name their visits; who made the others is worked out from when purchases follow which visits.",
    ),
    "soft": Way(
        "by time", "Receipts do not tell who paid, so it is worked out from when purchases follow which visits."
    ),
}
NO_WAY = Way("not yet", "There is too little to tell who buys.")


@dataclass(frozen=True)
class Light:
    """`colour` is a class of the stylesheet, too."""

    colour: str
    name: str
    sentence: str


LIGHTS: dict[str, Light] = {
    "green": Light("green", "Green", "Purchases and visits fit together. Groups can be believed within their ranges."),
    "amber": Light("amber", "Amber", "Totals can be believed. Groups are a hint only, until there are more days."),
    "red": Light("red", "Red", "Something is wrong between door and till. Groups are withheld until it is put right."),
    "none": Light("none", "Too early", "There are too few visits or purchases in this period to tell groups apart."),
}


def way(method: str) -> Way:
    return WAYS.get(method, NO_WAY)


def light(trust: str) -> Light:
    return LIGHTS.get(trust, LIGHTS["none"])


def wants_planning(method: str, trust: str) -> bool:
    """Whether more days, tickets or a till aid are what would help."""
    return trust != "red" and method in ("soft", "mixed", "none")
