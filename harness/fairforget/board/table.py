"""Making a board from records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from fairforget.board.comparing.compare import compared_of
from fairforget.board.cycles import without_search
from fairforget.board.files.submitted import submission_notes
from fairforget.board.grouping import Group, Place, group
from fairforget.board.identity import DrawId, reference_of, row_labels, stratum_labels
from fairforget.board.loose import mapping, number
from fairforget.board.making.cells import Asked, Cells
from fairforget.board.making.context import binnings_of, columns_of, covariates_of, notes_of, problems_of, provenance_of
from fairforget.board.making.costs import cost_of, tuned_of
from fairforget.board.making.coverage import coverage_of
from fairforget.board.making.forgetting import forgetting_of
from fairforget.board.making.matched import matched_of
from fairforget.board.making.overlap import Overlaps
from fairforget.board.making.ranking import by_score, ranked
from fairforget.board.making.rows import Drawn, drawn, in_stratum, mean_over, over_strata
from fairforget.board.making.sampled import by_sample_of
from fairforget.board.making.trajectory import columns_on_the_way, way_of
from fairforget.board.normalised import with_normalised
from fairforget.board.rules import Rules
from fairforget.board.values import Board, Row, Stratum, Table
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.store.record import Record, Rejected, Score

__all__ = ["Board", "build"]


@without_search()
def build(
    records: Iterable[Record],
    *,
    rejected: Iterable[Rejected] = (),
    weights: Mapping[str, float] | None = None,
    planned: Collection[str] | None = None,
    rules: Rules | None = None,
) -> Board:
    """Make a board; the same records in any order make the same board.

    Cells share a table only where they may be compared, see `fairforget.board.grouping`. Inside a table every row
    should have every cell that another has; what is missing or failed is counted, shown and never replaced, and a row
    with such a gap in a stratum that counts has no rank.

    Args:
        records: what `fairforget.store.results.Results.read` returned.
        rejected: files that could not be used, to be named on the board.
        weights: label of a stratum -> its share of the headline mean, scaled to sum 1. By default the headline is the
            stratum ``random`` where there is one, else the mean over all strata with equal weights.
        planned: keys of the cells of the plan, to tell how many are missing, and which of several of one place counts.
        rules: what a row needs to be ranked, besides all its cells.

    Raises:
        FairforgetError: a weight for a stratum that no table has, or weights that are no weights.
    """
    cells = list({record.key: record for record in records}.values())
    plan = None if planned is None else frozenset(planned)
    groups, left_out = group(cells, plan or ())
    labels = [stratum_labels(g.strata) for g in groups]
    if weights is not None:
        _check(weights, {label for found in labels for label in found.values()})
    tables = [_table(g, groups[0], found, weights, rules or Rules()) for g, found in zip(groups, labels, strict=True)]
    present = {record.key for record in cells}
    return Board(
        tables=tuple(tables),
        left_out=tuple(left_out),
        rejected=tuple(sorted({(r.path.name, r.reason) for r in rejected})),
        cells=len(cells),
        failed=sum(record.status == "failed" for record in cells),
        planned=None if plan is None else len(plan),
        missing=None if plan is None else len(plan - present),
    )


def _check(weights: Mapping[str, float], labels: Collection[str]) -> None:
    for label in weights:
        if label not in labels:
            msg = f"there is no stratum {label!r} to weigh. {did_you_mean(label, labels)}"
            raise FairforgetError(msg)
    values = np.array(list(weights.values()), dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        msg = f"the weights of strata are not negative and not all zero: {dict(weights)}"
        raise FairforgetError(msg)


def _table(
    found: Group, first: Group, labels: Mapping[str, str], wanted: Mapping[str, float] | None, rules: Rules
) -> Table:
    records = found.records
    weights = _weights(list(labels.values()), wanted)
    columns = columns_of(records)
    names = [column.name for column in columns]
    goal = number(mapping(found.common["budget"]).get("completeness"))
    kinds = columns_on_the_way(records)
    firsts = {row: _first(cells) for row, cells in sorted(found.rows.items())}
    titles = row_labels({row: _named(cells, firsts[row]) for row, cells in sorted(found.rows.items())})
    overlaps = Overlaps(found)
    everywhere = Asked(sorted(found.places), labels)
    # Where any competing row has a cell; a reference row, where it has one itself.
    asked = {
        row: Asked(sorted(found.rows[row]), labels) if reference_of(first) else everywhere
        for row, first in firsts.items()
    }
    cells = {row: Cells(mine, asked[row], names, goal) for row, mine in found.rows.items()}
    numbers = {
        row: {label: drawn(mine, strip, names) for label, strip in asked[row].strips.items()}
        for row, mine in cells.items()
    }
    rows = [
        _row(row, titles[row], firsts[row], mine, cells[row], asked[row], weights, numbers[row], goal, kinds, overlaps)
        for row, mine in sorted(found.rows.items())
    ]
    competing = ranked(
        [row for row in rows if row.reference is None], found, numbers, everywhere.by_stratum, weights, rules, overlaps
    )
    references = sorted(
        (r for r in rows if r.reference is not None), key=lambda r: (r.reference != "untouched", *by_score(r))
    )
    competing = with_normalised(competing, references, weights, overlaps.by_stratum(everywhere.by_stratum))
    draws = {draw for draw, _ in found.places}
    any_cell = records[0].cell
    return Table(
        task={name: any_cell["task"].get(name) for name in ("name", "version", "options", "data")},
        target=any_cell["target"],
        budget=found.common["budget"],
        evaluation=found.common["evaluation"],
        forget_size=found.common["forget size"],
        unit=found.common["unit of a draw"],
        apart=() if found is first else found.differs(first),
        seeds=tuple(sorted({seed for _, seed in found.places})),
        strata=tuple(_stratum(key, label, found.strata[key], draws, weights) for key, label in labels.items()),
        rows=(*competing, *references),
        columns=columns,
        covariates=covariates_of(found.describing, found.draw_of, labels, overlaps),
        binnings=binnings_of(found.describing),
        problems=problems_of(found, titles, labels),
        provenance=provenance_of(records),
        notes=(*notes_of(records, rows, columns), *submission_notes(found, titles)),
        trials=_trials(found.common["tuning"]),
        on_the_way=tuple(kinds),
        compared=compared_of(competing, found, everywhere, cells, weights, overlaps),
        by_sample=by_sample_of([row.id for row in (*competing, *references)], found, labels, overlaps),
    )


def _trials(tuning: Mapping[str, int | None] | None) -> int | None:
    return None if tuning is None else tuning["trials"]


def _weights(labels: Sequence[str], wanted: Mapping[str, float] | None) -> dict[str, float]:
    """Return the share of each stratum that counts; empty where one that should count is not there."""
    chosen = wanted if wanted is not None else {"random": 1.0} if "random" in labels else dict.fromkeys(labels, 1.0)
    total = sum(chosen.values())
    counting = {label: chosen[label] / total for label in chosen if chosen[label] > 0}
    if not all(label in labels for label in counting):
        return {}
    return {label: counting[label] for label in labels if label in counting}


def _first(cells: Mapping[Place, Record]) -> Record:
    return min(cells.values(), key=attrgetter("key"))


def _named(cells: Mapping[Place, Record], first: Record) -> Record:
    """Return the cell that a row is called by: what most call it, for a few that somebody adds rename nobody's row."""
    alike = {(id(cell["method"]), id(cell["curriculum"])): cell for cell in (r.cell for r in cells.values())}
    if len({_called(cell) for cell in alike.values()}) == 1:
        return first
    called: dict[tuple[str, str], list[Record]] = {}
    for record in cells.values():
        called.setdefault(_called(record.cell), []).append(record)
    most = min(called, key=lambda label: (-len(called[label]), label))
    return min(called[most], key=attrgetter("key"))


def _called(cell: Mapping[str, Any]) -> tuple[str, str]:
    return str(cell["method"].get("label")), str(mapping(cell["curriculum"]).get("label"))


def _row(
    row: str,
    label: str,
    first: Record,
    cells: Mapping[Place, Record],
    lines: Cells,
    asked: Asked,
    weights: Mapping[str, float],
    found: Mapping[str, Drawn],
    goal: float | None,
    kinds: Mapping[str, Score],
    overlaps: Overlaps,
) -> Row:
    expected, records = asked.by_stratum, lines.records
    overlap = overlaps.by_stratum(expected)
    reference = reference_of(first)
    return Row(
        id=row,
        label=label,
        method={name: first.cell["method"].get(name) for name in ("name", "dist_version", "options")},
        curriculum=None if reference else first.cell["curriculum"],
        optimizer=None if reference else first.cell["optimizer"],
        reference="untouched" if reference == "untouched" else "oracle" if reference == "oracle" else None,
        rank=None,
        unranked=None,
        headline=over_strata(found, weights, overlap),
        strata={name: in_stratum(one, overlap[name]) for name, one in found.items()},
        cost=cost_of(records, lines.spending),
        ok=sum(record.status == "ok" for record in records),
        failed=sum(record.status == "failed" for record in records),
        missing=len(asked.places) - len(records),
        collapsed=sum(r.status == "ok" and any(p.kind == "collapsed" for p in r.problems) for r in records),
        seeds=lines.most_seeds(asked),
        tuned=tuned_of(records) if first.cell["method"].get("tuned") else None,
        matched=None if goal is None or reference else matched_of(cells, expected, weights, goal, overlap),
        way=way_of(cells, expected, weights, kinds, overlap),
        forgetting=forgetting_of(cells, expected, weights),
        worst_quarter=mean_over({name: one.worst_quarter for name, one in found.items()}, weights, overlap),
        coverage=coverage_of(records, lines.spending),
    )


def _stratum(key: str, label: str, record: Record, draws: set[DrawId], weights: Mapping[str, float]) -> Stratum:
    draw = record.cell["draw"]
    sampler = {name: draw["sampler"].get(name) for name in ("name", "dist_version", "options")}
    return Stratum(label, draw["stratum"], sampler, sum(d.stratum == key for d in draws), weights.get(label, 0.0))
