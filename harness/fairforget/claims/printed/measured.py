"""What the cells of a study say to the numbers of a printed table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fairforget.board.identity import comparison, draw_of, row_id
from fairforget.claims.printed.table import Column, Ours, Table
from fairforget.errors import FairforgetError
from fairforget.stats.averages import role_average
from fairforget.stats.intervals import FEWEST_DRAWS, Estimate, draw_means, t_interval
from fairforget.stats.overlap import overlap_share
from fairforget.store.record import Record

DRAWS: Final = "forget sets"
SEEDS: Final = "seeds of one forget set"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of ours."""

    estimate: Estimate | None
    """None where there is nothing to take a mean of."""
    unit: str = DRAWS
    """What the interval is over: with ``seeds of one forget set`` it says nothing of any other forget set."""
    missing: int = 0
    """Cells without the number, failed ones among them; a forget set that has such a cell is left out."""
    problem: str | None = None
    """Why there is no number."""


def measured(table: Table, records: Sequence[Record], stratum: str = "random") -> dict[tuple[str, str], Measured]:
    """Return what records say, by row and column of the table; what they say nothing of is not in it.

    The interval is over forget sets, seeds averaged within. Where there is only one forget set, as in a paper that
    repeats its runs on the same one, it is over the seeds.

    Args:
        table: whose `ours` name the rows.
        records: of one study; those of other rows and other strata are passed over.
        stratum: of the forget sets that are looked at.

    Raises:
        FairforgetError: the records do not belong into one table, or one row has cells of several variants.
    """
    used = {
        row: [record for record in records if _is(ours, record) and record.cell["draw"]["stratum"] == stratum]
        for row, ours in table.ours.items()
    }
    _one_table([record for found in used.values() for record in found])
    numbers: dict[tuple[str, str], Measured] = {}
    for row, found in used.items():
        if found:
            _one_row(row, found)
            numbers |= {(row, name): _number(table.columns[name], found) for name in table.rows[row]}
    return numbers


def _is(ours: Ours, record: Record) -> bool:
    curriculum = record.cell.get("curriculum")
    name = None if curriculum is None else curriculum["name"]
    return bool(record.cell["method"]["name"] == ours.method and name == ours.curriculum)


def _one_table(records: Sequence[Record]) -> None:
    """Refuse records that no board would put into one table."""
    seen: dict[str, Any] = {}
    for record in records:
        draw = record.cell["draw"]
        now = {**comparison(record), "sampler": (draw["sampler"]["name"], draw["sampler"].get("options"))}
        for what, value in now.items():
            # What a reference row may spend nobody says.
            if value is not None and seen.setdefault(what, value) != value:
                msg = f"the cells differ in their {what}, so that they are no one table; name the folder of one study"
                raise FairforgetError(msg)


def _one_row(row: str, records: Sequence[Record]) -> None:
    if len({row_id(record) for record in records}) > 1:
        name = records[0].cell["method"]["name"]
        msg = (
            f"several variants of {name} could be the row {row!r}: its cells differ in the options or version of the "
            "method or curriculum, or in the optimizer; name a folder with one of them"
        )
        raise FairforgetError(msg)


def _number(column: Column, records: Sequence[Record]) -> Measured:
    by_draw: dict[Any, dict[int, float]] = {}
    sets: dict[Any, list[str]] = {}
    for record in records:
        draw = draw_of(record)
        by_draw.setdefault(draw, {})[record.cell["seed"]] = _value(column, record)
        sets[draw] = record.cell["draw"]["forget"]
    missing = sum(math.isnan(value) for seeds in by_draw.values() for value in seeds.values())
    if len(by_draw) == 1:
        (seeds,) = by_draw.values()
        return _told(t_interval(np.array(list(seeds.values()))), SEEDS, missing)
    means = np.array([draw_means(np.array([list(seeds.values())]))[0] for seeds in by_draw.values()])
    kept = [sets[draw] for draw, mean in zip(by_draw, means, strict=True) if not math.isnan(mean)]
    share = overlap_share(kept) if len(kept) >= FEWEST_DRAWS and all(kept) else 0.0
    return _told(t_interval(means, overlap=share), DRAWS, missing)


def _told(estimate: Estimate | None, unit: str, missing: int) -> Measured:
    problem = None if estimate is not None else "no cell has the number"
    return Measured(estimate, unit, missing, problem)


def _value(column: Column, record: Record) -> float:
    if record.status != "ok":
        return math.nan
    if column.average is not None:
        return role_average(record.scores.values(), column.average)
    score = None if column.column is None else record.scores.get(column.column)
    return math.nan if score is None or score.value is None else score.value


Numbers = Mapping[tuple[str, str], Measured]
"""By row and column of a table."""
