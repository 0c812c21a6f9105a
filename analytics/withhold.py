"""Small cells are not shown, nor what would let somebody work them out."""

from __future__ import annotations

from collections.abc import Sequence

FEWEST_VISITS = 10.0
TOO_FEW = "too few visits"
BY_SUBTRACTION = "withheld so that a smaller group cannot be worked out"


def reasons(visits: Sequence[float]) -> list[str | None]:
    """Per cell of one breakdown, whose total is shown: why it is withheld, or None.

    Cells under FEWEST_VISITS go. If together they still come to fewer than that, the total minus the cells shown would
    tell too much, so the next smallest cells go, too, until the sum that can be worked out is large enough.
    """
    result = [TOO_FEW if count < FEWEST_VISITS else None for count in visits]
    hidden = [count for count, reason in zip(visits, result, strict=True) if reason]
    shown = sorted((count, k) for k, (count, reason) in enumerate(zip(visits, result, strict=True)) if not reason)
    while hidden and sum(hidden) > 0 and (len(hidden) < 2 or sum(hidden) < FEWEST_VISITS) and shown:
        count, place = shown.pop(0)
        hidden.append(count)
        result[place] = BY_SUBTRACTION
    return result


def band_reasons(visits: Sequence[float], members: Sequence[Sequence[int]]) -> list[str | None]:
    """Per band of cells: why its count is withheld where the cells are shown elsewhere as `reasons` allows, or None.

    A band's count tells the sum of its hidden cells, and the bands together tell the same of the bands not shown. Both
    must be nothing, or large enough and of several cells.
    """
    fine = reasons(visits)
    hidden = [[visits[k] for k in band if fine[k]] for band in members]
    result = [
        TOO_FEW if sum(visits[k] for k in band) < FEWEST_VISITS else BY_SUBTRACTION if _tells_too_much(cells) else None
        for band, cells in zip(members, hidden, strict=True)
    ]
    left = sorted((sum(cells), k) for k, cells in enumerate(hidden) if cells and not result[k])
    while left and _tells_too_much([cell for k, cells in enumerate(hidden) if result[k] for cell in cells]):
        result[left.pop(0)[1]] = BY_SUBTRACTION
    return result


def _tells_too_much(hidden: Sequence[float]) -> bool:
    return sum(hidden) > 0 and (len(hidden) < 2 or sum(hidden) < FEWEST_VISITS)
