"""Statistics over score sets against independent computations, and what makes them say nothing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from fairforget.claims.statistics.score_agreement import ScoreAgreement
from fairforget.claims.statistics.sensitivity_slope import SensitivitySlope
from fairforget.claims.statistics.standard_error_law import StandardErrorLaw
from fairforget.claims.statistics.theorem_ratio import TheoremRatio
from fairforget.claims.values import Evidence, Part, ScoreSet

RNG = np.random.default_rng


def sets(values, name, groups=(), **options):
    """One score set for each row of (seeds, n)."""
    ids = tuple(f"s{i:02}" for i in range(np.shape(values)[1]))
    difficulty = {"name": f"fairforget/{name}", "options": options}
    rows = np.asarray(values).tolist()
    return [ScoreSet(difficulty, seed, ids, tuple(row), {}, groups) for seed, row in enumerate(rows)]


def of(*scores, part=""):
    return Evidence("t", {part: Part(scores=tuple(one for some in scores for one in some))})


def positive(seed, *shape):
    return np.exp(0.3 * RNG(seed).normal(size=shape))


def effect(statistic, evidence, seed=0):
    found = statistic.estimate(evidence, RNG(seed))
    json.dumps(found.figure, allow_nan=False)  # a report is strict JSON
    assert found.unit in {statistic.unit, "groups of samples"}
    return found


def test_the_constant_and_the_correlations_by_brute_force():
    drawn = {10: positive(0, 5, 12), 40: positive(1, 5, 12)}
    found = effect(StandardErrorLaw("m"), of(*(sets(v, "m", draws=k) for k, v in drawn.items())))
    squares = [k * np.mean(v.var(0, ddof=1) / v.mean(0) ** 2) for k, v in drawn.items()]
    assert found.value == pytest.approx(math.sqrt(np.mean(squares)))
    assert found.low < found.value < found.high
    assert found.n == 5
    for row, (k, values), square in zip(found.figure["by_draws"], drawn.items(), squares, strict=True):
        assert row["draws"] == k
        assert row["relative_error"] == pytest.approx(math.sqrt(square / k))
        assert row["law"] == pytest.approx(math.sqrt(math.pi / 2 - 1) / math.sqrt(k))
        pairs = [stats.spearmanr(a, b).statistic for a, b in combinations(values, 2)]
        assert row["rank_correlation"] == pytest.approx(np.mean(pairs))
    expected = np.diff(np.log(np.sqrt(np.array(squares) / [10, 40]))) / np.log(4)
    assert found.figure["slope"] == pytest.approx(expected[0])
    ranks = effect(
        StandardErrorLaw("m", quantity="rank-correlation", at=40),
        of(*(sets(v, "m", draws=k) for k, v in drawn.items())),
    )
    row = found.figure["by_draws"][1]
    assert (ranks.value, ranks.low, ranks.high) == (row["rank_correlation"], row["rank_low"], row["rank_high"])


def test_the_slope_is_that_of_regressions_sample_by_sample():
    sigmas = [1e-4, 3e-4, 1e-3]
    values = [s**1.3 * positive(i, 4, 9) for i, s in enumerate(sigmas)]
    evidence = of(*(sets(v, "m", sigma=s) for s, v in zip(sigmas, values, strict=True)))
    found = effect(SensitivitySlope("m", derived=1.3, tolerance=0.9), evidence)
    x = sm.add_constant(np.repeat(np.log(sigmas), 4))
    slopes = [sm.OLS(np.log([v[:, i] for v in values]).ravel(), x).fit().params[1] for i in range(9)]
    assert found.value == pytest.approx(np.mean(slopes))
    (row,) = found.figure["readings"]
    assert (row["slope"], row["low"], row["high"]) == (found.value, found.low, found.high)
    levels = row["levels"]
    assert [level["level"] for level in levels] == sigmas
    assert levels[0]["rank_correlation"] == pytest.approx(
        stats.spearmanr(values[0].mean(0), values[1].mean(0)).statistic
    )
    assert levels[1]["local_slope"] == pytest.approx(
        (np.log(values[2]).mean() - np.log(values[1]).mean()) / math.log(1e-3 / 3e-4)
    )
    assert levels[2]["local_slope"] is None
    assert found.figure["agrees"] == (found.low > 0.4 and found.high < 2.2)


def test_the_other_reading_and_the_other_part_stand_beside_it():
    one = [score for s in (1e-4, 1e-3) for score in sets(s * positive(1, 3, 8), "m", absolute="inside", sigma=s)]
    two = [score for s in (1e-4, 1e-3) for score in sets(s**2 * positive(2, 3, 8), "m", absolute="outside", sigma=s)]
    evidence = Evidence("t", {"float32": Part(scores=(*one, *two)), "float64": Part(scores=tuple(one))})
    inside, outside = ({"name": "m", "absolute": reading} for reading in ("inside", "outside"))
    found = effect(SensitivitySlope(inside, beside=(outside,)), evidence)
    rows = {(row["part"], row["difficulty"]["absolute"]): row for row in found.figure["readings"]}
    assert rows["float32", "inside"]["slope"] == found.value == rows["float64", "inside"]["slope"]
    assert 1.7 < rows["float32", "outside"]["slope"] < 2.3
    assert rows["float64", "outside"]["slope"] is None
    assert "no scores by m" in rows["float64", "outside"]["problem"]


def test_ratio_regressions_and_correlations_by_other_libraries():
    above, below = 1.1 * positive(0, 4, 15), positive(1, 6, 15)
    below += np.linspace(0, 2, 15)
    above += np.linspace(0, 2, 15)
    # The second is of twice the sigma, and so four times as large.
    evidence = of(sets(above, "m", sigma=1e-3), sets(4 * below, "h", sigma=2e-3))
    found = effect(TheoremRatio("m", "h"), evidence)
    y, x = above.mean(0), below.mean(0)
    assert found.value == pytest.approx(y.mean() / x.mean())
    assert found.low < found.value < found.high
    assert found.figure["regression"] == pytest.approx(sm.OLS(y, x).fit().params[0])
    assert found.figure["regression_corrected"] > found.figure["regression"]
    assert found.figure["pearson"] == pytest.approx(stats.pearsonr(x, y).statistic)
    assert found.figure["spearman"] == pytest.approx(stats.spearmanr(x, y).statistic)
    point = found.figure["points"][3]
    assert point["id"] == "s03"
    assert point["second_error"] == pytest.approx(stats.sem(below[:, 3]))
    assert (found.n, found.figure["seeds"]) == (4, [4, 6])


def test_agreement_raw_and_given_the_length():
    length = RNG(0).normal(size=30)
    first, second = length + RNG(1).normal(size=(4, 30)), length + RNG(2).normal(size=(1, 30))
    evidence = of(sets(first, "m"), sets(second, "g"), sets([length], "length"))
    raw = effect(ScoreAgreement("m", "g"), evidence)
    given = effect(ScoreAgreement("m", "g", given=("length",), quantity="partial"), evidence)
    ranks = stats.rankdata([first.mean(0), second[0], length], axis=1)
    assert raw.value == pytest.approx(stats.spearmanr(first.mean(0), second[0]).statistic)
    residuals = [sm.OLS(r, sm.add_constant(ranks[2])).fit().resid for r in ranks[:2]]
    assert given.value == pytest.approx(stats.pearsonr(*residuals).statistic)
    assert given.figure["raw"]["rho"] == raw.value
    assert raw.figure["partial"] is None
    assert effect(ScoreAgreement("m", "g", given=("length",)), evidence).value == raw.value
    assert given.figure["partial"] == {"rho": given.value, "low": given.low, "high": given.high}
    between = np.mean([stats.spearmanr(a, b).statistic for a, b in combinations(first, 2)])
    reliability = 4 * between / (1 + 3 * between)
    assert raw.figure["reliability"] == [pytest.approx(reliability), None]
    assert raw.figure["corrected"] == pytest.approx(min(1, raw.value / math.sqrt(reliability)))
    turned = effect(ScoreAgreement("m", "g", reverse=True), evidence)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-raw.value, -raw.high, -raw.low))


def test_clusters_are_left_out_whole_and_counted():
    groups = tuple(f"g{i // 3}" for i in range(30))
    between = np.repeat(RNG(3).normal(size=10), 3)
    first, second = between + 0.1 * RNG(4).normal(size=(1, 30)), between + 0.1 * RNG(5).normal(size=(1, 30))
    alone = effect(ScoreAgreement("m", "g"), of(sets(first, "m"), sets(second, "g")))
    whole = effect(ScoreAgreement("m", "g"), of(sets(first, "m", groups), sets(second, "g", groups)))
    assert alone.value == whole.value
    assert (alone.n, whole.n) == (30, 10)
    assert (alone.unit, whole.unit) == ("samples", "groups of samples")
    assert whole.high - whole.low > 1.2 * (alone.high - alone.low)


def test_a_score_of_one_seed_says_what_its_interval_lacks():
    first, second = sets(positive(0, 1, 8), "m"), sets(positive(1, 1, 8), "g")
    assert effect(ScoreAgreement("m", "g"), of(first, second)).problem is None
    drawn = [replace(one, stderr=(0.1,) * 8) for one in first]
    found = effect(ScoreAgreement("m", "g"), of(drawn, second))
    assert found.known
    assert found.problem == "fairforget/m has one seed: what its draws have in common is not in the interval"


@pytest.mark.parametrize(
    ("statistic", "scores", "why"),
    [
        (StandardErrorLaw("m"), [], "no scores by m"),
        (StandardErrorLaw("m"), sets(positive(0, 2, 8), "m", draws=10), "2 seeds"),
        (StandardErrorLaw("m"), sets(positive(0, 3, 4), "m", draws=10), "too few samples"),
        (StandardErrorLaw("m"), sets(np.ones((4, 8)), "m", draws=10), "without any spread"),
        (StandardErrorLaw("m", "rank-correlation"), sets(positive(0, 3, 8), "m", draws=10), "with draws = 50"),
        (StandardErrorLaw("m", part="x"), [], "no part 'x'"),
        (SensitivitySlope("m"), sets(positive(0, 3, 8), "m", sigma=1.0), "two values of sigma"),
        (SensitivitySlope("m"), sets(np.zeros((3, 8)), "m", sigma=1.0), "no sample has a score"),
        (TheoremRatio("m", "h"), sets(positive(0, 3, 8), "m", sigma=1.0), "no scores by h"),
        (TheoremRatio("m", "m"), sets(positive(0, 3, 8), "m", sigma="big"), "no sigma above 0"),
        (TheoremRatio("m", "m"), sets(positive(0, 3, 8), "m", sigma=1.0, sigma_unit="rms"), "other units"),
        (TheoremRatio("m", "m"), sets(np.zeros((3, 8)), "m", sigma=1.0), "0 in the mean"),
        (ScoreAgreement("m", "m"), sets(np.ones((1, 8)), "m"), "without any spread"),
        (ScoreAgreement("m", "m"), sets(positive(0, 1, 4), "m"), "too few samples"),
        (ScoreAgreement("m", "m", quantity="partial"), sets(positive(0, 1, 8), "m"), "takes scores in 'given'"),
    ],
)
def test_what_says_nothing_is_unknown_and_says_why(statistic, scores, why):
    found = effect(statistic, of(scores))
    assert not found.known
    assert why in found.problem
