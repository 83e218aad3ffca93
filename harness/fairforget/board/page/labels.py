"""Placing names near their marks so that none covers another name or a mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CHARACTER: Final = 5.4
"""Width of a letter at the size of the labels, on the large side."""
_LINE: Final = 11.0
_RINGS: Final = 12
"""Lines up and down among which a name finds its place."""
NO_ROOM: Final = "Names without room are left out; the table has all."

Area = tuple[float, float, float, float]
"""Left, right, top, bottom."""


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a mark, and where it stands."""

    text: str
    x: float
    y: float
    anchor: str
    leader: tuple[float, float] | None
    """Where a thin line to the mark ends; None where the label touches it."""


def place_labels(texts: Sequence[str], spots: Sequence[tuple[float, float]], frame: Area) -> list[Label | None]:
    """Place labels near their marks so that none covers another label or a mark.

    Where there are too many marks for that, those that stand alone have their names, then the first of the others as
    long as there is room close by; None for the rest.
    """
    # From top to bottom, so that the order of names follows the order of marks.
    downwards = sorted(range(len(texts)), key=lambda i: (spots[i][1], spots[i][0], i))
    placed = _placed(texts, spots, frame, downwards, _RINGS)
    if None not in placed:
        return placed
    alone = sorted(range(len(texts)), key=lambda i: (_neighbours(spots, i) > 0, i))
    return _placed(texts, spots, frame, alone, _RINGS // 3)


def _placed(
    texts: Sequence[str], spots: Sequence[tuple[float, float]], frame: Area, order: Sequence[int], rings: int
) -> list[Label | None]:
    taken = [(x - 5, x + 5, y - 5, y + 5) for x, y in spots]
    placed: list[Label | None] = [None] * len(texts)
    for i in order:
        fitting = (
            (place, area)
            for place, area in _choices(texts[i], spots[i], rings)
            if _inside(area, frame) and not _covers(area, taken)
        )
        found = next(fitting, None)
        if found is not None:
            placed[i] = _label(texts[i], spots[i], *found[0])
            taken.append(found[1])
    return placed


def _neighbours(spots: Sequence[tuple[float, float]], of: int) -> int:
    x, y = spots[of]
    return sum(abs(x - x2) < 4 * _LINE and abs(y - y2) < 2 * _LINE for x2, y2 in spots) - 1


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, in their order, at least `gap` apart and between `low` and `high`.

    Where there is too little room for that the gap shrinks.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    if len(order) > 1:
        gap = min(gap, (high - low) / (len(order) - 1))
    found = list(wanted)
    floor = low
    for i in order:
        found[i] = max(found[i], floor)
        floor = found[i] + gap
    ceiling = high
    for i in reversed(order):
        found[i] = min(found[i], ceiling)
        ceiling = found[i] - gap
    return [round(place, 2) for place in found]


def _choices(text: str, spot: tuple[float, float], rings: int) -> Iterator[tuple[tuple[int, int, int], Area]]:
    """Yield places for a label, the nearest first: ring, side and whether up or down, with the area it covers."""
    x, y = spot
    long = len(text) * CHARACTER
    for ring in range(rings):
        for side, up in ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1)):
            if ring and not up:
                continue
            dx, dy = _offset(ring, side, up)
            left = x + dx if side > 0 else x + dx - long
            yield (ring, side, up), (left, left + long, y + dy - _LINE / 2, y + dy + _LINE / 2)


def _offset(ring: int, side: int, up: int) -> tuple[float, float]:
    return side * (8 + 5 * ring), up * (_LINE * (ring + 0.6))


def _label(text: str, spot: tuple[float, float], ring: int, side: int, up: int) -> Label:
    (x, y), (dx, dy) = spot, _offset(ring, side, up)
    leader = (round(x + dx - 2 * side, 2), round(y + dy, 2)) if ring else None
    return Label(text, round(x + dx, 2), round(y + dy + 3.5, 2), "start" if side > 0 else "end", leader)


def _inside(area: Area, frame: Area) -> bool:
    return area[0] >= frame[0] and area[1] <= frame[1] + 10 and area[2] >= frame[2] - 8 and area[3] <= frame[3] + 4


def _covers(one: Area, others: Sequence[Area]) -> bool:
    left, right, top, bottom = one
    return any(left < r and x < right and top < b and y < bottom for x, r, y, b in others)
