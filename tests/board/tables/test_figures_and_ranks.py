"""Every figure and rank of a table, beside the same from the raw records by pandas and scipy."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import scipy.stats

from fairforget.board.sheets.results import measured
from fairforget.board.table import build
from fairforget.errors import FairforgetError
from fairforget.stats.ranks import rank

from .rows import row


def test_every_figure_is_the_t_interval_of_draw_means(board, frame):
    table = board.tables[0]
    assert len(table.rows) == 10
    for found in table.rows:
        for stratum in table.strata:
            mine = frame[(frame["label"] == found.label) & (frame["stratum"] == stratum.label)]
            draws = mine.groupby("draw").mean(numeric_only=True)
            for name in ("score", "completeness", "utility", "by_probability", "by_generation"):
                estimate = getattr(found.strata[stratum.label].figures, name)
                low, high = scipy.stats.t.interval(
                    0.95, len(draws) - 1, draws[name].mean(), scipy.stats.sem(draws[name])
                )
                assert (estimate.mean, estimate.low, estimate.high) == pytest.approx((draws[name].mean(), low, high))
                assert estimate.n == len(draws)
            column = found.strata[stratum.label].figures.columns["forget_perplexity"]
            assert column.mean == pytest.approx(draws["forget_perplexity"].mean())
        assert found.headline == found.strata["random"].figures


def test_ranks_are_of_the_headline_scores(board, frame):
    table = board.tables[0]
    labels = [found.label for found in table.competing]
    mine = frame[frame["stratum"] == "random"].groupby(["label", "draw"])["score"].mean().unstack().loc[labels]
    expected = rank([mine.to_numpy()])
    assert [found.rank.rank for found in table.competing] == list(expected.rank)
    assert [found.rank.high for found in table.competing] == list(expected.worst)
    means = [found.headline.score.mean for found in table.competing]
    assert means == sorted(means, reverse=True)


def test_reference_rows_stand_below_without_a_rank(board):
    table = board.tables[0]
    assert [found.label for found in table.references] == ["untouched", "retrain"]
    assert all(found.rank is None and found.unranked is None and found.curriculum is None for found in table.references)
    assert row(table, "retrain").headline.score.n == 3
    assert row(table, "retrain").missing == 0
    assert table.notes == ()


def test_strata_stand_in_the_order_of_difficulty_with_their_weights(board):
    table = board.tables[0]
    assert [(s.label, s.draws, s.weight) for s in table.strata] == [
        ("random", 5, 1.0),
        ("easy", 5, 0.0),
        ("medium", 5, 0.0),
        ("hard", 5, 0.0),
    ]
    assert table.seeds == (0, 1)


def test_the_order_of_records_does_not_matter(factory, study, board):
    shuffled = factory.read(study)
    random.Random(0).shuffle(shuffled)
    assert build(shuffled) == board
    assert build([*shuffled, shuffled[3]]) == board


def test_given_weights_make_the_headline_a_standardised_mean(factory, study, frame):
    found = build(factory.read(study), weights={"easy": 1, "hard": 3}).tables[0]
    assert [s.weight for s in found.strata] == [0.0, 0.25, 0.0, 0.75]
    means = frame[frame["label"] == "npo + uniform"].groupby("stratum")["score"].mean()
    npo = row(found, "npo + uniform")
    assert npo.headline.score.mean == pytest.approx(0.25 * means["easy"] + 0.75 * means["hard"])
    assert npo.headline.score.n == 10
    assert npo.rank is not None


def test_without_a_random_stratum_all_strata_weigh_the_same(factory, study):
    found = build(factory.read([r for r in study if r["cell"]["draw"]["stratum"] != "random"])).tables[0]
    assert [s.weight for s in found.strata] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("weights", [{"esay": 1.0}, {"easy": -1.0}, {"easy": 0.0}, {"easy": float("nan")}, {}])
def test_weights_that_are_none_are_refused(factory, study, weights):
    with pytest.raises(FairforgetError, match="weigh"):
        build(factory.read(study), weights=weights)


def test_no_rank_and_no_interval_below_three_draws(factory):
    table = build(factory.read(factory.make_study(draws=2, oracle_draws=1))).tables[0]
    for found in table.competing:
        assert found.rank is None
        assert found.unranked == "fewer than 3 forget sets"
        assert found.headline.score.low is None
        assert found.headline.score.n == 2


def test_every_measurement_has_the_shorter_side_across(board):
    """Few rows beside each other and a line a column; many rows below each other, with the same numbers."""
    many = replace(board.tables[0], columns=board.tables[0].columns[:3])
    lines = measured(many)
    assert [line.cells[0].text for line in lines.lines] == [row.label for row in many.rows]
    assert [line.reference for line in lines.lines] == [row.reference is not None for row in many.rows]
    columns = measured(replace(many, rows=many.rows[:3]))
    assert [head.label for head in columns.heads[3:]] == [row.label for row in many.rows[:3]]
    for i, column in enumerate(many.columns):
        assert columns.lines[i].cells[0].text == lines.heads[1 + i].label
        assert column.role in lines.heads[1 + i].about.lower()
        assert ("in its average" in lines.heads[1 + i].about) == column.average
        for j in range(3):
            assert columns.lines[i].cells[3 + j] == lines.lines[j].cells[1 + i]
