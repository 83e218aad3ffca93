"""How a run is put into words: times, cells at work, how far a stage is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairforget.run.now import AtWork, Moment, PartNow
    from fairforget.run.watcher import Seen

SHOWN: Final = 3
"""Cells at work that one line names."""


def spell(seconds: float) -> str:
    """Return a length of time as people say it: ``40 s``, ``3 min``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{hours // 24} d {hours % 24} h"


def remaining(left: float | None, known: float) -> str:
    """Return how long it still takes; nothing where that is not known."""
    if left is None:
        return ""
    return f"about {spell(left)} left" + ("" if known == 1 else " (a first guess)")


def one_at_work(cell: AtWork) -> str:
    """Return a cell, how long it has run and how long its kind takes."""
    from fairforget.run.now import describe

    of = "" if cell.expected is None else f" of about {spell(cell.expected)}"
    return f"{describe(cell.cell)} ({spell(cell.seconds)}{of})"


def at_work(cells: Sequence[AtWork]) -> str:
    """Return the first cells at work in one line; nothing where there are none."""
    if not cells:
        return ""
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return f"at work: {'; '.join(one_at_work(cell) for cell in cells[:SHOWN])}{more}"


def how_far(seen: Seen | None) -> str:
    """Return how far a stage is; nothing where nobody says so."""
    if seen is None:
        return ""
    left = "" if seen.left is None else f", about {spell(seen.left)} left"
    return f"{seen.done:,} of {seen.total:,} {seen.what}{left}"


def part_begins(part: PartNow) -> str:
    """Return what is said when a part of several begins."""
    left = remaining(part.whole, part.known).replace(" left", " left of all", 1)
    return part.text + (f", {left}" if left else "")


def of_all(moment: Moment) -> str:
    """Return how long all parts still take; nothing where there are none, it is not known, or it is said already."""
    left, seen = moment.left_of_all(), moment.seen()
    if left is None or moment.part is None:
        return ""
    if moment.part.later == 0 and (moment.left is not None or (seen is not None and seen.left is not None)):
        return ""  # nothing comes after this part, whose own time stands there
    return remaining(left, moment.part.known).replace(" left", " left of all", 1)


def line(moment: Moment) -> str | None:
    """Return a run at one moment as one line; None where it has said all there is to say."""
    said = _line(moment)
    if said is None or moment.part is None:
        return said
    return f"{moment.part.text}: {said}" + (f", {left}" if (left := of_all(moment)) else "")


def _line(moment: Moment) -> str | None:
    if moment.stage is not None:
        far = how_far(moment.seen())
        return f"{moment.stage}: {spell(moment.stage_seconds)} so far" + (f", {far}" if far else "")
    if moment.total is None or moment.done >= moment.total:
        return None
    failed = f"{moment.failed} failed" if moment.failed else ""
    parts = [failed, remaining(moment.left, moment.known), at_work(moment.at_work)]
    return f"{moment.done} of {moment.total} cells" + "".join(f", {part}" for part in parts if part)
