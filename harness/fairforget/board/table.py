"""Making a board from records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairforget.board.context import binnings_of, columns_of, covariates_of, notes_of, problems_of, provenance_of
from fairforget.board.grouping import Group, Place, group
from fairforget.board.identity import DrawId, reference_of, row_labels, stratum_labels
from fairforget.board.rows import by_draw, cost_of, in_stratum, over_strata
from fairforget.board.scores import CellScores, cell_scores
from fairforget.board.values import Board, RankSet, Row, Stratum, Table
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.stats.intervals import FEWEST_DRAWS
from fairforget.stats.ranks import rank
from fairforget.store.record import Record, Rejected

__all__ = ["Board", "build"]


def build(
    records: Iterable[Record],
    *,
    rejected: Iterable[Rejected] = (),
    weights: Mapping[str, float] | None = None,
    planned: Collection[str] | None = None,
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
        planned: keys of the cells of the plan, to tell how many are missing.

    Raises:
        FairforgetError: a weight for a stratum that no table has, or weights that are no weights.
    """
    cells = list({record.key: record for record in records}.values())
    groups, left_out = group(cells)
    labels = [stratum_labels(g.strata) for g in groups]
    if weights is not None:
        _check(weights, {label for found in labels for label in found.values()})
    tables = [_table(g, groups[0], found, weights) for g, found in zip(groups, labels, strict=True)]
    present = {record.key for record in cells}
    return Board(
        tables=tuple(tables),
        left_out=tuple(left_out),
        rejected=tuple(sorted({(r.path.name, r.reason) for r in rejected})),
        cells=len(cells),
        failed=sum(record.status == "failed" for record in cells),
        planned=None if planned is None else len(set(planned)),
        missing=None if planned is None else len(set(planned) - present),
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


def _table(found: Group, first: Group, labels: Mapping[str, str], wanted: Mapping[str, float] | None) -> Table:
    records = found.records
    weights = _weights(list(labels.values()), wanted)
    columns = columns_of(records)
    names = [column.name for column in columns]
    scores = {record.key: cell_scores(record) for record in records}
    titles = row_labels({row: _first(cells) for row, cells in sorted(found.rows.items())})
    expected = {row: _expected(found, cells) for row, cells in found.rows.items()}
    rows = [
        _row(row, titles[row], cells, _places(expected[row], labels), weights, names, scores)
        for row, cells in sorted(found.rows.items())
    ]
    competing = _ranked([row for row in rows if row.reference is None], found, expected, labels, weights, scores)
    references = sorted(
        (r for r in rows if r.reference is not None), key=lambda r: (r.reference != "untouched", *_by_score(r))
    )
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
        covariates=covariates_of(records, found.draw_of, labels),
        binnings=binnings_of(records),
        problems=problems_of(found, titles, labels),
        provenance=provenance_of(records),
        notes=notes_of(records, rows, columns),
    )


def _weights(labels: Sequence[str], wanted: Mapping[str, float] | None) -> dict[str, float]:
    """Return the share of each stratum that counts; empty where one that should count is not there."""
    chosen = wanted if wanted is not None else {"random": 1.0} if "random" in labels else dict.fromkeys(labels, 1.0)
    total = sum(chosen.values())
    counting = {label: chosen[label] / total for label in chosen if chosen[label] > 0}
    if not all(label in labels for label in counting):
        return {}
    return {label: counting[label] for label in labels if label in counting}


def _first(cells: Mapping[Place, Record]) -> Record:
    return min(cells.values(), key=lambda record: record.key)


def _expected(found: Group, cells: Mapping[Place, Record]) -> list[Place]:
    """Return where a row should have cells: where any competing row has one; a reference row, where it has them."""
    return sorted(cells if reference_of(_first(cells)) else found.places)


def _places(expected: Sequence[Place], labels: Mapping[str, str]) -> dict[str, list[Place]]:
    sorted_out: dict[str, list[Place]] = {label: [] for label in labels.values()}
    for draw, seed in expected:
        sorted_out[labels[draw.stratum]].append((draw, seed))
    return {label: places for label, places in sorted_out.items() if places}


def _row(
    row: str,
    label: str,
    cells: Mapping[Place, Record],
    expected: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    columns: Sequence[str],
    scores: Mapping[str, CellScores],
) -> Row:
    records = [cells[place] for place in sorted(cells)]
    mine = {place: scores[record.key] for place, record in cells.items()}
    first = _first(cells)
    reference = reference_of(first)
    by_draw_seeds: dict[DrawId, int] = {}
    for draw, _ in cells:
        by_draw_seeds[draw] = by_draw_seeds.get(draw, 0) + 1
    return Row(
        id=row,
        label=label,
        method={name: first.cell["method"].get(name) for name in ("name", "dist_version", "options")},
        curriculum=None if reference else first.cell["curriculum"],
        optimizer=None if reference else first.cell["optimizer"],
        reference="untouched" if reference == "untouched" else "oracle" if reference == "oracle" else None,
        rank=None,
        unranked=None,
        headline=over_strata(mine, expected, weights, columns),
        strata={name: in_stratum(mine, places, columns) for name, places in expected.items()},
        cost=cost_of(records),
        ok=sum(record.status == "ok" for record in records),
        failed=sum(record.status == "failed" for record in records),
        missing=sum(len(places) for places in expected.values()) - len(cells),
        collapsed=sum(r.status == "ok" and any(p.kind == "collapsed" for p in r.problems) for r in records),
        seeds=max(by_draw_seeds.values()),
    )


def _ranked(
    rows: Sequence[Row],
    found: Group,
    expected: Mapping[str, Sequence[Place]],
    labels: Mapping[str, str],
    weights: Mapping[str, float],
    scores: Mapping[str, CellScores],
) -> list[Row]:
    """Return the rows with ranks, or why they have none, in the order of the board."""
    values = {}
    for row in rows:
        mine = {place: scores[record.key] for place, record in found.rows[row.id].items()}
        places = _places(expected[row.id], labels)
        values[row.id] = [np.array(list(by_draw(mine, places[w], lambda c: c.score).values())) for w in weights]
    whole = [row for row in rows if weights and not any(np.isnan(v).any() for v in values[row.id])]
    ranking = None
    if whole:
        strata = [np.stack([values[row.id][i] for row in whole]) for i in range(len(weights))]
        ranking = rank(strata, list(weights.values()))
    done = []
    for row in rows:
        reason = None if row in whole else _gap(row, weights)
        if reason is None and ranking is None:
            reason = f"fewer than {FEWEST_DRAWS} forget sets"
        place = None
        if reason is None and ranking is not None:
            i = [other.id for other in whole].index(row.id)
            place = RankSet(int(ranking.rank[i]), int(ranking.rank[i]), int(ranking.worst[i]))
        done.append(replace(row, rank=place, unranked=reason))
    # By score and not by rank: who is in the table cannot change the order of two others.
    return sorted(done, key=lambda r: (r.rank is None, *_by_score(r)))


def _gap(row: Row, weights: Mapping[str, float]) -> str:
    if not weights:
        return "a stratum that counts is not there"
    counts = [(row.failed, "failed"), (row.missing, "missing")]
    found = ", ".join(f"{n} {'cell' if n == 1 else 'cells'} {word}" for n, word in counts if n)
    return found or "cells without completeness or utility"


def _by_score(row: Row) -> tuple[bool, float, str, str]:
    score = row.headline.score
    return (score is None, 0.0 if score is None else -score.mean, row.label, row.id)


def _stratum(key: str, label: str, record: Record, draws: set[DrawId], weights: Mapping[str, float]) -> Stratum:
    draw = record.cell["draw"]
    sampler = {name: draw["sampler"].get(name) for name in ("name", "dist_version", "options")}
    return Stratum(label, draw["stratum"], sampler, sum(d.stratum == key for d in draws), weights.get(label, 0.0))
