from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from fairforget.board.table import build


def study(factory, pools, methods=("npo", "idk"), shift=0.0):
    """Two methods on forget sets that are given sample by sample."""
    rng = np.random.default_rng(5)
    records = []
    for stratum, sets in pools.items():
        for index, forget in enumerate(sets):
            draw = rng.normal(0, 0.03)
            for m, method in enumerate(methods):
                cell = factory.make_cell(method, stratum=stratum, index=index, draw__forget=forget)
                noise = rng.normal(0, 0.004)
                records.append(factory.make_record(cell, 0.8 + draw + noise - shift * m, 0.8 + draw + noise))
    return records


DISJOINT = [[f"{i}-{j}" for j in range(4)] for i in range(5)]
SHARED = [["a", "b", f"{i}-0", f"{i}-1"] for i in range(5)]
SAME = [["a", "b", "c", "d"]] * 5


def draws(table, row, stratum="random"):
    return np.array([point.score for point in row.strata[stratum].points])


def test_intervals_of_draws_that_share_samples_are_wider_by_nadeau_and_bengio(factory):
    table = build(factory.read(study(factory, {"random": SHARED}))).tables[0]
    for row in table.rows:
        found, scores = row.headline.score, draws(table, row)
        # Every two sets share 2 of 4 samples, so ρ / (1 − ρ) = 1 and the variance is s² (1/5 + 1).
        half = scipy.stats.t.ppf(0.975, 4) * scores.std(ddof=1) * (1 / 5 + 1) ** 0.5
        assert (found.low, found.high) == pytest.approx((scores.mean() - half, scores.mean() + half))
        assert row.strata["random"].figures.score == found
    (length,) = [covariate for covariate in table.covariates if covariate.name == "length"]
    free = build(factory.read(study(factory, {"random": DISJOINT}))).tables[0]
    (other,) = [covariate for covariate in free.covariates if covariate.name == "length"]
    assert length.strata["random"].half_width == pytest.approx(6**0.5 * other.strata["random"].half_width)


def test_a_rank_of_draws_that_share_samples_claims_less(factory):
    free, shared = (
        build(factory.read(study(factory, {"random": sets}, shift=0.025))).tables[0] for sets in (DISJOINT, SHARED)
    )
    assert [row.rank.rank for row in free.competing] == [1, 2]
    assert [row.rank.rank for row in shared.competing] == [1, 1]
    assert [row.headline.score.mean for row in free.rows] == [row.headline.score.mean for row in shared.rows]


def test_draws_that_are_all_one_set_say_nothing_of_others(factory):
    table = build(factory.read(study(factory, {"random": SAME}))).tables[0]
    for row in table.competing:
        assert row.rank is None
        assert row.unranked == "all forget sets are the same"
        assert row.headline.score.low is None
        assert row.headline.score.n == 5


def test_each_stratum_is_corrected_for_its_own_overlap(factory):
    records = study(factory, {"easy": DISJOINT, "hard": SHARED})
    table = build(factory.read(records), weights={"easy": 1, "hard": 1}).tables[0]
    row = table.rows[0]
    easy, hard = draws(table, row, "easy"), draws(table, row, "hard")
    parts = [0.25 * easy.var(ddof=1) / 5, 0.25 * hard.var(ddof=1) * (1 / 5 + 1)]
    df = sum(parts) ** 2 / sum(part**2 / 4 for part in parts)
    assert row.headline.score.half_width == pytest.approx(scipy.stats.t.ppf(0.975, df) * sum(parts) ** 0.5)


def test_a_draw_that_does_not_say_what_it_holds_corrects_nothing(factory):
    empty = build(factory.read(study(factory, {"random": [[], *SHARED[1:]]}))).tables[0]
    free = build(factory.read(study(factory, {"random": DISJOINT}))).tables[0]
    assert [row.headline.score for row in empty.rows] == [row.headline.score for row in free.rows]
