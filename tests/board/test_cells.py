"""The cells of a row as an array say what each of them says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairforget.board.grouping import group
from fairforget.board.identity import stratum_labels
from fairforget.board.kept.packing import Unpacker, pack
from fairforget.board.making.cells import QUANTITIES, WIDE, Asked, Cells
from fairforget.board.making.rows import drawn
from fairforget.board.making.scores import cell_scores
from fairforget.board.making.worst import worst_quarter
from fairforget.store.parts import Parts

COLUMNS = ["retain_rouge_l", "nowhere", "forget_mia", "forget_rouge_l"]


def kept(records):
    parts, unpacker = Parts(), Unpacker()
    return [unpacker.record(pack(record, parts)) for record in records]


@pytest.fixture
def records(factory):
    """Rows with gaps: a cell that failed, one that is missing, a draw with one seed only."""
    made = factory.make_study(draws=4, seeds=3)
    made[2] |= {"status": "failed", "scores": {}, "items": {}}
    made[5]["scores"]["forget_mia"] |= {"value": None, "n": 0}
    return factory.read([*made[:7], *made[8:10], *made[11:]])


@pytest.mark.parametrize("form", [list, kept])
@pytest.mark.parametrize("goal", [None, 0.5])
@pytest.mark.parametrize("columns", [COLUMNS, None])
def test_a_line_is_what_its_cell_says(records, form, goal, columns):
    (found, *_), _ = group(form(records))
    columns = columns or list(next(r for r in found.records if r.status == "ok").scores)
    labels = stratum_labels(found.strata)
    asked = Asked(sorted(found.places), labels)
    gaps = 0
    for mine in found.rows.values():
        cells = Cells(mine, asked, columns, goal)
        assert cells.records == [mine[place] for place in asked.places if place in mine]
        for place, there, line in zip(asked.places, cells.there, cells.numbers, strict=True):
            assert there == (place in mine)
            gaps += not there
            one = cell_scores(mine[place], goal) if there else None
            values = [*one[: len(QUANTITIES)], worst_quarter(mine[place])] if one else [math.nan] * WIDE
            rest = [math.nan if one is None else one.columns.get(name, math.nan) for name in columns]
            np.testing.assert_array_equal(line, [*values, *rest])
    assert gaps


def test_strips_hold_the_places_of_a_stratum_draw_by_draw(records):
    (found, *_), _ = group(records)
    labels = stratum_labels(found.strata)
    places = sorted(found.places)
    asked = Asked(places, labels)
    assert list(asked.strips) == [label for label in labels.values() if label in asked.strips]
    for stratum, label in labels.items():
        mine = [place for place in places if place[0].stratum == stratum]
        assert list(asked.by_stratum[label]) == mine
        assert asked.strips[label].draws == tuple(dict.fromkeys(draw for draw, _ in mine))
        counts = [sum(draw == one for one, _ in mine) for draw in asked.strips[label].draws]
        assert asked.strips[label].seeds == tuple(counts)
        np.testing.assert_array_equal(asked.strips[label].counts(np.ones(len(places), dtype=bool)), counts)


def test_a_draw_is_the_mean_of_its_seeds_and_nothing_where_one_is_not_there(records):
    (found, *_), _ = group(kept(records))
    labels = stratum_labels(found.strata)
    asked = Asked(sorted(found.places), labels)
    empty = 0
    for mine in found.rows.values():
        cells = Cells(mine, asked, ["retain_rouge_l"])
        for strip in asked.strips.values():
            made = drawn(cells, strip, ["retain_rouge_l"])
            for i, draw in enumerate(strip.draws):
                seeds = [seed for other, seed in asked.places if other == draw]
                scores = [cell_scores(mine[draw, seed]).score if (draw, seed) in mine else math.nan for seed in seeds]
                assert made.values["score"][i] == pytest.approx(np.mean(scores), nan_ok=True)
                assert made.seeds[i] == np.isfinite(scores).sum()
                empty += bool(np.isnan(scores).any())
    assert empty
