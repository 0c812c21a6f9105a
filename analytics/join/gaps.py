"""Times at which a camera or a till was off, taken out on both sides: purchases follow visits by up to 90 minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# Who came in while the camera was off pays until so long after; a till's clock may be behind by some minutes.
AFTER_MINUTES, BEFORE_MINUTES = 90, 30
# From entering to paying, about: what is cut out of purchases is cut out of visits so much earlier.
STAY_MINUTES = 12


@dataclass(frozen=True)
class Span:
    """Minutes `first` up to `last` of the store's day `day`, counted from the period's first."""

    day: int
    first: float
    last: float


@dataclass(frozen=True)
class Gaps:
    camera: Sequence[Span] = ()
    till: Sequence[Span] = ()

    def of_minutes(self, days: int, first: int, width: int) -> NDArray[np.bool_]:
        """(days, minutes from `first`): whose purchases tell nothing."""
        result = np.zeros((days, width), np.bool_)
        for span in [*self._camera(), *self.till]:
            if 0 <= span.day < days:
                result[span.day, max(0, int(span.first) - first) : max(0, int(np.ceil(span.last)) - first)] = True
        return result

    def of_receipts(self, day: Whole, minute: Floats) -> NDArray[np.bool_]:
        """Which purchases to leave out."""
        return _inside([*self._camera(), *self.till], day, minute)

    def of_visits(self, day: Whole, minute: Floats) -> NDArray[np.bool_]:
        """Which visits to leave out where purchases are: those that would have paid meanwhile."""
        return _inside([*self._camera(), *self.till], day, minute + STAY_MINUTES)

    def of_unpaid(self, day: Whole, minute: Floats) -> NDArray[np.bool_]:
        """Which visits to leave out where receipts name visits: who may have wanted to pay while the till was off."""
        spans = [Span(span.day, span.first - AFTER_MINUTES / 2, span.last) for span in self.till]
        return _inside(spans, day, minute)

    def _camera(self) -> list[Span]:
        return [Span(span.day, span.first - BEFORE_MINUTES, span.last + AFTER_MINUTES) for span in self.camera]


def _inside(spans: Sequence[Span], day: Whole, minute: Floats) -> NDArray[np.bool_]:
    result = np.zeros(len(day), np.bool_)
    for span in spans:
        result |= (day == span.day) & (minute >= span.first) & (minute < span.last)
    return result


NO_GAPS = Gaps()
