"""What analytics keeps: purchases, their matches with visits, hourly rollups, and who may see which store."""

from analytics.models.joins import JoinFit, Match, MatchRun
from analytics.models.people import AccessLog, StoreManager
from analytics.models.purchases import (
    MarkCheck,
    Purchase,
    PurchaseChange,
    PurchaseImport,
    PurchaseLine,
    SalesMapping,
)
from analytics.models.rollups import DirtyHour, FigureWork, HourFigure

__all__ = [
    "AccessLog",
    "DirtyHour",
    "FigureWork",
    "HourFigure",
    "JoinFit",
    "MarkCheck",
    "Match",
    "MatchRun",
    "Purchase",
    "PurchaseChange",
    "PurchaseImport",
    "PurchaseLine",
    "SalesMapping",
    "StoreManager",
]
