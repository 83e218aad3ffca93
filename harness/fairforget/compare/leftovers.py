"""What is not compared, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fairforget.board.text import listed, plural, shown
from fairforget.compare.identity import Identity
from fairforget.compare.labels import Labels, task_of
from fairforget.compare.pairing import Alone, Pairing
from fairforget.compare.values import NotCompared, Side, Unpaired
from fairforget.store.record import Record

_MOST: Final = 8
"""So many rows are named in a line."""


def cells_of(found: Pairing) -> Iterator[tuple[Identity, Record]]:
    """Yield every cell of both sides."""
    for pair in found.pairs:
        yield pair.identity, pair.base
        yield pair.identity, pair.head
    for alone in (*found.base, *found.head):
        yield alone.identity, alone.record
    yield from found.ambiguous


def unpaired(found: Pairing, labels: Labels) -> tuple[Unpaired, ...]:
    """Return the cells of one side alone, by row, stratum and what keeps them apart."""
    return (*_alone("BASE", found.base, labels), *_alone("HEAD", found.head, labels))


def not_compared(found: Pairing, reasons: Mapping[Identity, str | None], labels: Labels) -> tuple[NotCompared, ...]:
    """Return the cells that both sides have and that are not compared, by row, stratum and reason."""
    twice = "a side has them several times, as made by two versions of one method; keep one"
    told = [(identity, reason) for identity, reason in reasons.items() if reason is not None]
    told += [(identity, twice) for identity, _ in found.ambiguous]
    counts = Counter((labels.row(i), labels.stratum(i), shown(reason, 300)) for i, reason in told)
    return tuple(NotCompared(row, stratum, n, reason) for (row, stratum, reason), n in sorted(counts.items()))


def why_nothing(left: Sequence[Unpaired], unlike: Sequence[NotCompared]) -> str:
    """Return why no cell of two sides can be compared, and what to do."""
    counts: Counter[str] = Counter()
    if unlike:
        for kind in unlike:
            counts[kind.reason] += kind.cells
        said = "; ".join(reason for reason, _ in counts.most_common(3))
        return f"no cell that is in BASE and in HEAD can be compared: {said}"
    for cells in left:
        if cells.side == "BASE":
            counts[f"{cells.differs} ({cells.how})" if cells.how else cells.differs] += cells.cells
    said = "; ".join(what for what, _ in counts.most_common(3))
    differ = f" They differ in: {said}." if said else ""
    return f"no cell of BASE is in HEAD, too.{differ} Run the same study for both"


def summaries(cells: Sequence[Unpaired]) -> list[str]:
    """Return a line for all cells of one side that differ from the other in the same way."""
    alike: dict[tuple[str, str, str, str], list[Unpaired]] = {}
    for one in cells:
        alike.setdefault((one.side, one.task, one.differs, one.how), []).append(one)
    lines = []
    for (side, task, differs, how), of in alike.items():
        other = "HEAD" if side == "BASE" else "BASE"
        rows, strata = ([*dict.fromkeys(getattr(one, name) for one in of)] for name in ("row", "stratum"))
        where = f"{_some(rows)} ({_some(strata)})"
        apart = f"{other} has no such {differs}" + (f": {how}" if how else "")
        lines.append(f"{plural(sum(one.cells for one in of), 'cell')} of {task}, {apart}: {where}")
    return lines


def _some(names: list[str]) -> str:
    return listed(names) if len(names) <= _MOST else f"{', '.join(names[:_MOST])} and {len(names) - _MOST:,} more"


def _alone(side: Side, cells: Sequence[Alone], labels: Labels) -> list[Unpaired]:
    counts = Counter(
        (*_place(alone, labels), alone.differs, shown(alone.how, 200) if alone.how else "") for alone in cells
    )
    return [
        Unpaired(side, name, row, stratum, n, differs, how)
        for (name, row, stratum, differs, how), n in sorted(counts.items())
    ]


def _place(alone: Alone, labels: Labels) -> tuple[str, str, str]:
    return task_of(alone.record), labels.row(alone.identity), labels.stratum(alone.identity)
