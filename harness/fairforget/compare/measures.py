"""The number of a cell that is compared, and whether two cells measured the same thing."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairforget.board.loose import mapping, number
from fairforget.board.making.scores import cell_scores
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.stats.averages import enters_average
from fairforget.store.record import Record

AVERAGES: Final = ("score", "completeness", "utility")


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a cell."""

    name: str

    def of(self, record: Record) -> float:
        """Return it, higher is better; NaN where the cell has none."""
        if self.name in AVERAGES:
            goal = number(mapping(record.cell["budget"]).get("completeness"))
            return float(getattr(cell_scores(record, goal), self.name))
        found = record.scores.get(self.name)
        if record.status != "ok" or found is None or found.value is None:
            return math.nan
        return -found.value if found.better == "lower" else found.value

    def parts(self, record: Record) -> dict[str, Any]:
        """Return the columns it is made of, each with what decides how it enters."""
        roles = {"score": ("completeness", "utility")}.get(self.name, (self.name,))
        if self.name in AVERAGES:
            taken = {n: s for n, s in record.scores.items() if s.role in roles and enters_average(s, s.role)}
        else:
            taken = {n: s for n, s in record.scores.items() if n == self.name}
        return {n: (s.role, s.better, s.metric, s.on, s.complement, s.weigh_by) for n, s in sorted(taken.items())}


def measure(name: str, records: Sequence[Record]) -> Measure:
    """Return the measure called `name`.

    Raises:
        FairforgetError: no cell has it, or nobody says whether higher is better there.
    """
    if name in AVERAGES:
        return Measure(name)
    columns = {column: score.better for record in records for column, score in record.scores.items()}
    if name not in columns:
        near = did_you_mean(name, [*AVERAGES, *columns])
        msg = f"no cell has a score {name!r}. {near} Give one of them as --score"
        raise FairforgetError(msg)
    if columns[name] is None:
        directed = [column for column, better in columns.items() if better is not None]
        msg = f"--score {name}: higher is neither better nor worse there. {did_you_mean(name, [*AVERAGES, *directed])}"
        raise FairforgetError(msg)
    return Measure(name)


def unlike_measurement(measured: Measure, base: Record, head: Record) -> str | None:
    """Return why the same measure of two cells that went well is not the same number; None where it is.

    The columns behind it are the same and mean the same, over the same samples with the same texts.
    """
    if base.status != "ok" or head.status != "ok":
        return None
    before, after = measured.parts(base), measured.parts(head)
    if changed := sorted(n for n in {*before, *after} if before.get(n) != after.get(n)):
        return f"the columns behind it are not the same: {', '.join(changed[:3])}{' …' if len(changed) > 3 else ''}"
    for column in before:
        mine, theirs = _samples(base, column), _samples(head, column)
        if mine and theirs and mine != theirs:
            return f"{column} was measured on other samples"
        if _texts(base.item_hashes, head.item_hashes, mine):
            return f"{column} was measured on samples with other texts"
    return None


def _samples(record: Record, column: str) -> Collection[str]:
    return {*record.items.get(column, {}), *record.scores[column].excluded}


def _texts(before: Mapping[str, str], after: Mapping[str, str], samples: Collection[str]) -> bool:
    return any(s in before and s in after and before[s] != after[s] for s in samples)
