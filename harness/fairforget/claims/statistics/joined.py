"""Forget sets of one sample or a few, with their outcomes under every row and their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.board.identity import bare
from fairforget.board.loose import mapping, number
from fairforget.board.making.scores import LARGEST
from fairforget.claims.statistics.cells import Cell, Only, cells_of
from fairforget.claims.statistics.measures import LOGS, measure, time_to_goal
from fairforget.claims.statistics.score_sets import Meant, Unusable, meant
from fairforget.claims.values import Evidence, Part, ScoreSet
from fairforget.store.record import Record

Unit = tuple[str, ...]
"""Ids of the samples that are forgotten together, sorted."""
SEEN, LONGER, SHORTER = 0, 1, -1
_SPENT: Final = ("updates", "forward-equivalents")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The outcomes of one method under one curriculum in one part; of a score, those of one part."""

    label: str
    part: str
    values: np.ndarray
    """(units, runs) the outcome; NaN where there is none. What was spent is positive."""
    censored: np.ndarray
    """(units, runs) ints: `SEEN`; `LONGER` where the budget ended before the goal was met; `SHORTER` where it was met
    before the first update."""
    asked: np.ndarray
    """(units,) bool: those that the row met, whatever came of it."""

    def ordered(self) -> np.ndarray:
        """Return the outcomes for ranks, (units, runs): longer than it is infinite, shorter than it 0."""
        at_end = np.where(self.censored == LONGER, np.inf, self.values)
        found: np.ndarray = np.where(self.censored == SHORTER, 0.0, at_end)
        return found

    def whole(self) -> np.ndarray:
        """Return the outcome of each unit over its runs, (units,), for ranks; NaN where a run has none.

        The mean; where runs are censored the median, in which those that were cut off are longer than any other, so
        that no mean counts the budget as a measurement.
        """
        if not self.censored.any():
            means: np.ndarray = self.values.mean(axis=1)
            return means
        middle = np.sort(self.ordered(), axis=1)
        runs = middle.shape[1]
        median: np.ndarray = (middle[:, (runs - 1) // 2] + middle[:, runs // 2]) / 2
        return np.where(np.isnan(self.values).any(axis=1), np.nan, median)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Units with their outcomes; what else is known of them is looked up in the parts."""

    units: tuple[Unit, ...]
    clusters: np.ndarray
    """(units,) ints: units that share a sample or a group are in one cluster."""
    rows: tuple[Row, ...]
    parts: Mapping[str, Part]
    notes: tuple[str, ...]
    """What is in the evidence and not here, in words."""

    @property
    def counted(self) -> str:
        """What the clusters are."""
        single = all(len(unit) == 1 for unit in self.units)
        if len(np.unique(self.clusters)) < len(self.units):
            return "groups of samples" if single else "groups of forget sets"
        return "samples" if single else "forget sets"

    def scored(self, row: Row, what: Meant) -> np.ndarray:
        """Return a score of every unit, (seeds, units): the mean over its samples; NaN where one has none.

        Scores of the pool come first; otherwise it is a covariate that the records tell of their forget sets.

        Raises:
            Unusable: there is neither, or several difficulties fit.
        """
        part = self.parts[row.part]
        try:
            sets = meant(part, what)
        except Unusable:
            found = _covariate(part.records, what)
            if not found:
                raise
            return np.array([[found.get(unit, np.nan) for unit in self.units]])
        return _by_seed(sets, self.units, what)

    def score(self, row: Row, what: Meant) -> np.ndarray:
        """Return `scored` as the mean over seeds, (units,)."""
        mean: np.ndarray = self.scored(row, what).mean(axis=0)
        return mean


def joined(evidence: Evidence, outcome: Meant, only: Only) -> Joined:
    """Arrange the evidence of a target.

    Args:
        evidence: of the target.
        outcome: ``updates`` or ``forward-equivalents`` until the goal; a difficulty that was scored over the pool; or
            what `fairforget.claims.statistics.measures.measure` knows.
        only: cells to keep.

    Raises:
        Unusable: there is no outcome at all.
    """
    if isinstance(outcome, Mapping) or any(_has_scores(part, outcome) for part in evidence.parts.values()):
        return _of_scores(evidence, outcome)
    if outcome in LOGS:
        msg = f"outcome {outcome} leaves out what the budget cut off; write {outcome.removeprefix('log-')}"
        raise Unusable(msg)
    return _of_cells(evidence, outcome, only)


def _of_cells(evidence: Evidence, outcome: str, only: Only) -> Joined:
    cells = cells_of(evidence, only)
    chosen, again = _first_draws(cells)
    units = tuple(sorted({_unit(cell.record) for cell in chosen}))
    seeds = sorted({cell.seed for cell in chosen})
    keys = list(dict.fromkeys((cell.facets["part"], cell.row) for cell in chosen))
    runs = {key: np.full((2, len(units), len(seeds)), np.nan) for key in keys}
    asked: dict[tuple[str, str], set[int]] = {key: set() for key in keys}
    met = {key: np.zeros(len(units), dtype=bool) for key in keys}
    at, column = {unit: i for i, unit in enumerate(units)}, {seed: i for i, seed in enumerate(seeds)}
    for cell in chosen:
        key = cell.facets["part"], cell.row
        asked[key].add(column[cell.seed])
        place = at[_unit(cell.record)]
        met[key][place] = True
        runs[key][:, place, column[cell.seed]] = _outcome(cell.record, outcome)
    rows = []
    for (part, name), found in runs.items():
        values, censored = found[:, :, sorted(asked[part, name])]
        label = f"{name} ({part})" if len(evidence.parts) > 1 and part else name
        ends = np.where(np.isnan(censored), SEEN, censored).astype(np.int64)
        rows.append(Row(label, part, values, ends, met[part, name]))
    if not any((~np.isnan(row.values)).any() for row in rows):
        goal = " until a goal: their budget has no rule of stopping" if outcome in _SPENT else ""
        raise Unusable(f"no cell has {outcome}{goal}")
    notes = []
    if failed := sum(cell.record.status != "ok" for cell in chosen):
        notes.append(f"{failed} of {len(chosen)} cells failed")
    if again:
        notes.append(f"left out: {again} cells of forget sets that were drawn before")
    return Joined(units, _clusters(units, evidence.parts.values()), tuple(rows), evidence.parts, tuple(notes))


def _of_scores(evidence: Evidence, outcome: Meant) -> Joined:
    having = {name: part for name, part in evidence.parts.items() if _has_scores(part, outcome)}
    if not having:
        raise Unusable(f"there are no scores by {outcome['name'] if isinstance(outcome, Mapping) else outcome}")
    units = tuple(sorted({(name,) for part in having.values() for one in meant(part, outcome) for name in one.ids}))
    rows = []
    for name, part in having.items():
        values = _by_seed(meant(part, outcome), units, outcome).T
        ids = {one_id for one in meant(part, outcome) for one_id in one.ids}
        there = np.array([unit[0] in ids for unit in units])
        rows.append(Row(name or "scores", name, values, np.zeros(values.shape, dtype=np.int64), there))
    lacking = [name for name in evidence.parts if name not in having]
    notes = (f"parts without these scores: {', '.join(lacking)}",) if lacking else ()
    return Joined(units, _clusters(units, having.values()), tuple(rows), evidence.parts, notes)


def _first_draws(cells: Sequence[Cell]) -> tuple[list[Cell], int]:
    """Return the cells of the first draw of every forget set in a row and part, and how many others there are."""
    draws: dict[tuple[str, str, Unit], tuple[str, str, int]] = {}
    chosen = []
    for cell in sorted(cells, key=lambda c: (c.facets["sampler"], c.facets["stratum"], c.index, c.seed)):
        here = cell.facets["sampler"], cell.facets["stratum"], cell.index
        if draws.setdefault((cell.facets["part"], cell.row, _unit(cell.record)), here) == here:
            chosen.append(cell)
    return chosen, len(cells) - len(chosen)


def _outcome(record: Record, outcome: str) -> tuple[float, float]:
    """Return the outcome of a cell and how it is censored."""
    if outcome not in _SPENT:
        value = measure(outcome)(record)
        return value if abs(value) <= LARGEST else np.nan, SEEN
    if record.status == "ok" and record.ledger.get("stopped") == "rule" and record.ledger.get("updates") == 0:
        return 1.0, SHORTER
    time = time_to_goal(record, "updates" if outcome == "updates" else "forward-equivalents")
    if time is None or time.spent > LARGEST:
        return np.nan, SEEN
    return time.spent, SEEN if time.reached else LONGER


def _unit(record: Record) -> Unit:
    return tuple(sorted(map(str, record.cell["draw"]["forget"])))


def _has_scores(part: Part, what: Meant) -> bool:
    try:
        return bool(meant(part, what))
    except Unusable:
        return False


def _by_seed(sets: Sequence[ScoreSet], units: Sequence[Unit], what: Meant) -> np.ndarray:
    """Return the scores of units by seed, (seeds, units)."""
    if (kinds := len({repr(one.difficulty) for one in sets})) > 1:
        name = what if isinstance(what, str) else what.get("name")
        raise Unusable(f"{kinds} difficulties are scores by {name}; say which, by the options that tell them apart")
    found = []
    for one in sorted(sets, key=lambda s: s.seed):
        known = {name: np.nan if v is None else v for name, v in zip(one.ids, one.values, strict=True)}
        found.append([sum(known.get(name, np.nan) for name in unit) / len(unit) for unit in units])
    values = np.array(found, dtype=np.float64)
    # A score beyond that is no measurement; NaN is not below it either.
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def _covariate(records: Iterable[Record], what: Meant) -> dict[Unit, float]:
    """Return a covariate that the records tell of their draws; empty where none of them tells it."""
    if not isinstance(what, str):
        return {}
    found: dict[Unit, float] = {}
    for record in records:
        told = mapping(mapping(record.extra.get("draw_info")).get("covariates"))
        value = number(told.get(what, told.get(bare(what))))
        if value is not None and abs(value) <= LARGEST:
            found.setdefault(_unit(record), value)
    return found


def _clusters(units: Sequence[Unit], parts: Iterable[Part]) -> np.ndarray:
    """Return the cluster of each unit: those that share a sample, or a group of samples, are one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sets = [one for part in parts for one in part.scores]
    group = {name: ("group", of) for one in sets for name, of in zip(one.ids, one.groups, strict=False)}
    holders: dict[tuple[str, str], int] = {}
    pairs = [
        (i, len(units) + holders.setdefault(group.get(name, ("sample", name)), len(holders)))
        for i, unit in enumerate(units)
        for name in unit
    ]
    left, right = np.array(pairs).T
    size = len(units) + len(holders)
    links = coo_array((np.ones(len(pairs)), (left, right)), shape=(size, size))
    found: np.ndarray = connected_components(links, directed=False)[1][: len(units)]
    return np.unique(found, return_inverse=True)[1].reshape(-1)
