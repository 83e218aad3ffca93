"""The statistics over forget sets, by hand and beside other implementations."""

from __future__ import annotations

import importlib.util
import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from fairforget.claims.open import statistic
from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.measures import measure, time_to_goal
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.statistics.ways import NARROWEST, Looks, Way, area_difference, decay, forgetting_at
from fairforget.claims.values import Effect, Evidence, Part
from fairforget.errors import FairforgetError
from fairforget.stats.agreement import concordance
from fairforget.stats.linear import slope_weights, weighted_sum
from fairforget.stats.mean_correlation import by_chance, mean_correlation
from fairforget.stats.misalignment import misalignment_index
from fairforget.stats.one_way import one_way
from fairforget.stats.signed_rank import middle
from fairforget.study.spec import parse_spec

PAIRED = (
    "at-equal-utility concordance decay misalignment-index paired-difference ratio reversal slope-over-parts "
    "trade-off-area variance-share"
).split()


@pytest.fixture(scope="module")
def planted():
    spec = importlib.util.spec_from_file_location(
        "paired_records", Path(__file__).parent / "planted" / "paired_records.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(name, **options) -> Statistic:
    return statistic(parse_spec({"name": name, **options}))


def told(name, evidence, **options) -> Effect:
    effect = made(name, **options).estimate(evidence, np.random.default_rng(0))
    if effect.known:
        assert effect.low <= effect.value <= effect.high
        json.dumps(effect.figure, allow_nan=False)
    else:
        assert effect.problem
    return effect


BY_METHOD = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}
STOP = {"kind": "epochs", "amount": 9, "stop": {"rule": "memorization"}}
GOAL = {"kind": "epochs", "amount": 9, "stop": None, "completeness": 0.8, "every": 1}


def spent(updates, reached=True):
    return {"updates": updates, "forward_equivalents": 3 * updates, "stopped": "rule" if reached else "budget"}


# --- what they rest on ------------------------------------------------------------------------------------------------


def test_one_way_is_the_exact_interval_of_an_intraclass_correlation():
    y = np.random.default_rng(1).normal(size=(12, 3)) + np.arange(12)[:, None] / 5
    found = one_way(y)
    assert found.f == pytest.approx(stats.f_oneway(*y).statistic)
    assert found.share == pytest.approx((found.f - 1) / (found.f + 2))  # Shrout and Fleiss (1979), ICC(1) of 3
    for end, p in ((found.low, 0.975), (found.high, 0.025)):
        # Where the share is at an end, what was seen is at a quantile of its distribution.
        assert stats.f(11, 24).cdf(found.f / (1 + 3 * end / (1 - end))) == pytest.approx(p)


def test_one_way_at_its_edges():
    still = np.repeat(np.arange(4.0)[:, None], 3, axis=1)
    assert (one_way(still).low, one_way(still).share) == (1.0, 1.0)
    assert one_way(np.ones((4, 3))) is None
    assert one_way(np.ones((4, 1))) is None
    noise = one_way(np.tile([0.0, 1.0], (6, 1)))
    assert (noise.share, noise.low, noise.truncated) == (0.0, 0.0, True)
    with pytest.raises(ValueError, match="every set needs every seed"):
        one_way(np.array([[1.0, np.nan], [1.0, 2.0]]))


def test_sets_that_share_samples_show_less_than_there_is():
    y = np.random.default_rng(1).normal(size=(12, 3)) + np.arange(12)[:, None] / 5
    alone, shared = one_way(y), one_way(y, 0.5)
    theta = [share / (1 - share) for share in (alone.share, shared.share)]
    assert theta[1] == pytest.approx(2 * theta[0])


def test_mean_correlation_beside_scipy():
    y = np.random.default_rng(2).normal(size=(4, 15)) + np.linspace(0, 2, 15)
    every, sets = np.ones(6, dtype=bool), np.arange(15)
    upper = np.triu_indices(4, 1)

    def mean(values):
        return stats.spearmanr(values.T).statistic[upper].mean()

    found = mean_correlation(y, every, sets)
    assert found.mean == pytest.approx(mean(y))
    assert found.mean == pytest.approx(concordance(y.T).rho)

    def z(rho):
        return 0.5 * np.log((1 + 3 * rho) / (1 - rho))

    left = z(np.array([mean(np.delete(y, i, axis=1)) for i in range(15)]))
    half = stats.t(14).ppf(0.975) * np.sqrt(14 / 15 * ((left - left.mean()) ** 2).sum())
    assert z(found.low) == pytest.approx(z(found.mean) - half)
    assert z(found.high) == pytest.approx(z(found.mean) + half)


def test_chance_beside_all_permutations():
    y = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]])
    seen = stats.spearmanr(*y).statistic
    every = [stats.spearmanr(y[0], p).statistic for p in permutations(y[1])]
    exact = np.mean([one >= seen - 1e-12 for one in every])
    found = by_chance(y, np.ones(1, dtype=bool), np.random.default_rng(0), 4999)
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / 5000)


def test_rows_that_agree_by_construction_are_one_order_to_chance():
    """Two twins and a third: were twins permuted apart, the mean of two pairs would spread too little."""
    rng, low = np.random.default_rng(3), 0
    pairs = np.array([False, True, True])
    for _ in range(400):
        y = rng.normal(size=(2, 12))
        low += by_chance(np.stack([y[0], y[0], y[1]]), pairs, rng, 199) <= 0.05
    assert low / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("n", [6, 9, 20])
def test_the_middle_inverts_wilcoxons_test(n):
    d = np.random.default_rng(n).normal(0.3, 1, n)
    found = middle(d, d)
    averages = [(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)]
    assert found.value == pytest.approx(np.median(averages))
    for end, inward in ((found.low, 1e-9), (found.high, -1e-9)):
        assert stats.wilcoxon(d - end - inward, method="exact").pvalue > 0.05
        assert stats.wilcoxon(d - end + inward, method="exact").pvalue <= 0.05


@settings(derandomize=True, deadline=None, max_examples=50)
@given(arrays(float, 12, elements=st.floats(-5, 5)), arrays(float, 12, elements=st.floats(0, 3)), st.randoms())
def test_bounds_hold_whatever_lies_between_them(low, width, random):
    high = np.where(np.arange(12) % 3 == 0, low + width, low)
    between = np.array([random.uniform(a, b) for a, b in zip(low, high, strict=True)])
    wide, one = middle(low, high), middle(between, between)
    assert wide.low <= one.low + 1e-12
    assert one.high <= wide.high + 1e-12


def test_the_middle_at_its_edges():
    assert middle(np.zeros(5), np.zeros(5)) is None
    d = np.arange(12.0)
    one_open = middle(d, np.where(d == 11, np.inf, d))
    assert (one_open.low, one_open.open) == (middle(d, d).low, 1)
    assert middle(d, d).high < one_open.high < math.inf
    assert middle(d, np.full(12, np.inf)).high == math.inf
    assert math.isnan(middle(np.full(12, -np.inf), np.full(12, np.inf)).value)
    twice = middle(d, d, inflation=4.0)
    assert twice.high - twice.value == pytest.approx(2 * (middle(d, d).high - twice.value))
    with pytest.raises(ValueError, match="lower bound"):
        middle(np.ones(8), np.zeros(8))


def test_a_slope_is_a_weighted_sum():
    x, y, half = np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.1, 0.9]), np.array([0.1, 0.2, 0.3])
    value, low, high = weighted_sum(y, y - half, y + 2 * half, slope_weights(x))
    assert value == pytest.approx(np.polyfit(x, y, 1)[0])
    w = np.array(slope_weights(x))
    down, up = np.where(w > 0, half, 2 * half), np.where(w > 0, 2 * half, half)
    assert value - low == pytest.approx(np.sqrt(((w * down) ** 2).sum()))
    assert high - value == pytest.approx(np.sqrt(((w * up) ** 2).sum()))
    with pytest.raises(ValueError, match="two places"):
        slope_weights([2.0, 2.0])


def way(updates, forgetting, utility):
    return Way(*(np.array(part, dtype=float) for part in (updates, forgetting, utility)))


def test_an_area_beside_a_fine_sum():
    """Forgetting falls back once on the way: utility is where a degree is first reached."""
    one = way([0, 1, 2, 3, 4], [0.1, 0.5, 0.4, 0.8, 0.9], [1.0, 0.9, 0.85, 0.7, 0.2])
    other = way([0, 2, 4], [0.2, 0.6, 0.75], [1.0, 0.6, 0.3])

    def first(found, degree):
        after = int(np.argmax(found.forgetting >= degree))
        (c0, c1), (u0, u1) = (part[after - 1 : after + 1] for part in (found.forgetting, found.utility))
        return u0 + (degree - c0) / (c1 - c0) * (u1 - u0)

    grid = 0.2 + (np.arange(20_000) + 0.5) / 20_000 * 0.55
    fine = np.mean([first(one, c) - first(other, c) for c in grid])
    assert area_difference(one, other) == pytest.approx(fine, abs=1e-4)
    assert area_difference(other, one) == pytest.approx(-area_difference(one, other))
    assert math.isnan(area_difference(one, way([0, 1], [0.88, 0.99], [1, 0])))
    assert area_difference(one, way([0, 1], [0.84, 0.99], [1, 0])) > -1  # a range of more than NARROWEST
    assert NARROWEST == 0.05


def test_decay_is_a_least_squares_slope():
    found = way([0, 1, 2, 5, 9], [0, 0, 0, 0, 0], [1.0, 0.8, 0.9, 0.4, 0.0])
    assert decay(found, 5) == pytest.approx(np.polyfit([0, 1, 2, 5], [1.0, 0.8, 0.9, 0.4], 1)[0])
    assert math.isnan(decay(found, 0))


# --- what a cell is worth ---------------------------------------------------------------------------------------------


def test_what_a_cell_is_worth(planted):
    matched = {"reached": True, "update": 4.5, "forward_equivalents": 11.0, "utility": {"u": 0.6}}
    one = planted.record(
        completeness=0.9, utility=0.7, budget=GOAL, ledger=spent(7), matched={**matched, "utility_average": 0.65}
    )
    assert [measure(of)(one) for of in ("completeness", "utility", planted.UTILITY)] == [0.9, 0.7, 0.7]
    assert measure("log-updates")(one) == pytest.approx(math.log(4.5))
    assert measure("log-forward-equivalents")(one) == pytest.approx(math.log(11))
    assert measure("utility", "completeness-matched")(one) == 0.65
    assert measure("u", "completeness-matched")(one) == 0.6
    assert math.isnan(measure("no-column")(one))
    never = planted.record(budget=GOAL, ledger=spent(7), matched={"reached": False, "update": None})
    assert (time_to_goal(never).spent, time_to_goal(never).reached) == (7, False)
    assert math.isnan(measure("log-updates")(never))
    assert math.isnan(measure("utility", "completeness-matched")(never))
    stopped = planted.record(budget=STOP, ledger=spent(5))
    assert (time_to_goal(stopped).spent, time_to_goal(stopped).reached) == (5, True)
    assert not time_to_goal(planted.record(budget=STOP, ledger=spent(5, reached=False))).reached
    for no_goal in (planted.record(ledger=spent(5)), planted.record(budget=STOP, ledger=spent(5), status="failed")):
        assert time_to_goal(no_goal) is None
        assert math.isnan(measure("completeness")(no_goal))
    with pytest.raises(ValueError, match="equal completeness"):
        measure("log-updates", "completeness-matched")
    items = {planted.COMPLETENESS: {f"s{i}": i / 7 for i in range(8)}}
    assert measure("worst-quartile")(planted.record(completeness=0.5, items=items)) == pytest.approx((0 + 1 / 7) / 2)


# --- statistics over records ------------------------------------------------------------------------------------------


def test_a_paired_difference_by_hand(planted):
    rng = np.random.default_rng(5)
    y = rng.normal(size=(2, 8, 3)) + rng.normal(size=(1, 8, 1))
    found = told("paired-difference", planted.Study([("npo", "u"), ("grad-diff", "u")], 8, 3).told(y), **BY_METHOD)
    test = stats.ttest_rel(*y.mean(axis=2)).confidence_interval()
    assert (found.low, found.high, found.n) == (pytest.approx(test.low), pytest.approx(test.high), 8)
    assert found.problem is None
    assert found.figure["sets"][0] == ["random 0", pytest.approx(y[0, 0].mean() - y[1, 0].mean())]


def test_every_method_is_compared_with_itself(planted):
    y = np.random.default_rng(6).normal(size=(5, 8, 2))
    rows = [("a", "weighted"), ("a", "uniform"), ("b", "weighted"), ("b", "uniform"), ("c", "uniform")]
    sides = {"first": {"curriculum": "weighted"}, "second": {"curriculum": "uniform"}}
    found = told("paired-difference", planted.Study(rows, 8, 2).told(y), **sides)
    gained = y.mean(axis=2)[[0, 2]] - y.mean(axis=2)[[1, 3]]
    test = stats.ttest_1samp(gained.mean(axis=0), 0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(test.low), pytest.approx(test.high))
    assert dict(found.figure["pairs"]) == pytest.approx({"a": gained[0].mean(), "b": gained[1].mean()})
    assert found.problem == "on one side only, and not compared: c"
    alone = told("paired-difference", planted.Study(rows, 8, 2).told(y), **sides, only={"method": ["a"]})
    assert alone.value == pytest.approx(gained[0].mean())


def test_strata_and_parts_are_paired_by_index(planted):
    y = np.random.default_rng(7).normal(size=(1, 16, 2))
    strata = planted.Study([("npo", "u")], 8, 2, strata=("easy", "hard")).told(y)
    apart = y[0, :8].mean(axis=1) - y[0, 8:].mean(axis=1)
    found = told("paired-difference", strata, first={"stratum": "easy"}, second={"stratum": "hard"})
    assert found.value == pytest.approx(apart.mean())
    assert [value for _, value in found.figure["sets"]] == pytest.approx(apart)
    one, other = (
        [planted.record(completeness=float(v), index=i) for i, v in enumerate(row)] for row in y[0, :, 0].reshape(2, 8)
    )
    parts = planted.evidence(small=one, large=other)
    found = told("paired-difference", parts, first={"part": "small"}, second={"part": "large"})
    assert found.value == pytest.approx((y[0, :8, 0] - y[0, 8:, 0]).mean())


def test_strata_count_alike(planted):
    y = np.zeros((2, 9, 1))
    y[0, :3] = [[1.0], [1.1], [0.9]]
    records = [
        planted.record(m, stratum="easy" if i < 3 else "hard", index=i, completeness=float(y[row, i, 0]))
        for row, m in enumerate(("npo", "grad-diff"))
        for i in range(9)
    ]
    assert told("paired-difference", planted.evidence(records), **BY_METHOD).value == pytest.approx(0.5)


def test_sets_that_share_samples_widen_the_interval(planted):
    def study(forget):
        rng = np.random.default_rng(8)
        return planted.evidence(
            planted.record(m, index=i, completeness=float(rng.normal()), forget=forget(i))
            for m in ("npo", "grad-diff")
            for i in range(8)
        )

    apart = told("paired-difference", study(lambda i: [f"{i}a", f"{i}b"]), **BY_METHOD)
    shared = told("paired-difference", study(lambda i: ["all", f"{i}"]), **BY_METHOD)
    assert (shared.high - shared.value) / (apart.high - apart.value) == pytest.approx(math.sqrt(1 + 8 * 0.5 / 0.5))
    assert not told("paired-difference", study(lambda i: ["all"]), **BY_METHOD).known


def test_what_is_missing_is_counted_and_too_much_is_no_effect(planted):
    def study(broken):
        return planted.evidence(
            planted.record(m, index=i, completeness=0.1 * i, status="failed" if m == "npo" and i < broken else "ok")
            for m in ("npo", "grad-diff")
            for i in range(20)
        )

    one = told("paired-difference", study(2), **BY_METHOD)
    assert (one.n, one.problem) == (18, "2 of 20 forget sets left out: 2 cells failed")
    many = told("paired-difference", study(3), **BY_METHOD)
    assert not many.known
    assert "3 of 20" in many.problem
    lost = planted.evidence(study(0).only.records[1:])
    assert "1 cell not there" in told("paired-difference", lost, **BY_METHOD).problem
    twice = planted.evidence((*study(0).only.records, study(0).only.records[0]))
    assert "1 cell there twice" in told("paired-difference", twice, **BY_METHOD).problem


def test_reference_rows_only_where_they_are_named(planted):
    records = [
        planted.record(m, index=i, completeness=i / 10 + (m == "npo"), reference=None if m == "npo" else "oracle")
        for m in ("npo", "retrain")
        for i in range(5)
    ]
    records += [planted.record(index=i, seed=1, completeness=1.5 + i / 10) for i in range(5)]
    assert told("variance-share", planted.evidence(records)).figure["rows"][0][0] == "npo + uniform"
    only = {"first": {"method": "npo"}, "second": {"method": "retrain"}, "only": {"method": ["npo", "retrain"]}}
    found = told("paired-difference", planted.evidence(records[:10]), **only)
    assert found.value == pytest.approx(1.0)


def test_a_share_of_the_variance(planted):
    rng = np.random.default_rng(9)
    y = rng.normal(size=(2, 10, 3)) + rng.normal(size=(2, 10, 1)) * np.array([2.0, 0.5])[:, None, None]
    found = told("variance-share", planted.Study([("a", "u"), ("b", "u")], 10, 3).told(y))
    rows = [one_way(row) for row in y]
    for name in ("share", "low", "high"):
        value = {"share": found.value, "low": found.low, "high": found.high}[name]
        assert value == pytest.approx(np.mean([getattr(row, name) for row in rows]))
    assert set(found.figure["components"]) == {"method", "draw", "interaction", "residual"}
    assert "one seed" in told("variance-share", planted.Study([("a", "u")], 10, 1).told(y[:1, :, :1])).problem
    assert "several strata" in told("variance-share", planted.Study([("a", "u")], 5, 3, ("x", "y")).told(y[:1])).problem
    assert (
        "nothing varies" in told("variance-share", planted.Study([("a", "u")], 5, 2).told(np.ones((1, 5, 2)))).problem
    )


def test_a_reversal_by_hand(planted):
    rng = np.random.default_rng(10)
    y = np.stack([rng.normal(0.5, 1, (12, 1)) + rng.normal(0, 0.3, (12, 4)), rng.normal(0, 0.3, (12, 4))])
    study = planted.Study([("npo", "u"), ("grad-diff", "u")], 12, 4).told(y)
    found = told("reversal", study, **BY_METHOD)
    d = y[0] - y[1]
    tau = math.sqrt(d.mean(axis=1).var(ddof=1) - d.var(axis=1, ddof=1).mean() / 4)
    assert found.value == pytest.approx(stats.norm.cdf(-abs(d.mean()) / tau))
    against = int((np.sign(d.mean(axis=1)) != np.sign(d.mean())).sum())
    exact = stats.binomtest(against, 12).proportion_ci(method="exact")
    assert found.figure["seen"] == [against, 12, 0, pytest.approx(exact.low), pytest.approx(exact.high)]
    seen = told("reversal", study, **BY_METHOD, which="observed")
    assert seen.value == pytest.approx(stats.norm.cdf(-abs(d.mean()) / d.mean(axis=1).std(ddof=1)))
    null = told("reversal", study, first={"method": "npo"})
    noise = y[0, :, :2].var(axis=1, ddof=1).mean() / 2 + y[0, :, 2:].var(axis=1, ddof=1).mean() / 2
    assert null.figure["noise"] == pytest.approx(math.sqrt(noise))
    assert null.figure["delta"] == pytest.approx((y[0, :, :2].mean(axis=1) - y[0, :, 2:].mean(axis=1)).mean())
    two = planted.Study([("npo", "u"), ("grad-diff", "u")], 12, 2).told(y[:, :, :2])
    assert "three are needed" in told("reversal", two, first={"method": "npo"}).problem
    assert told("reversal", two, **BY_METHOD).known


def test_an_odd_number_of_seeds_is_halved_with_its_noise(planted):
    """Three seeds: a mean of two less one; its noise is that of the two alone."""
    y = np.random.default_rng(11).normal(size=(1, 4000, 3))
    found = told("reversal", planted.Study([("npo", "u")], 4000, 3).told(y), first={"method": "npo"})
    # Standard normal seeds: the difference has the variance 1/2 + 1, and nothing of it is of the sets.
    assert found.figure["noise"] == pytest.approx(math.sqrt(1.5), rel=0.05)
    assert found.figure["tau"] < 0.3


def test_concordance_of_rows(planted):
    rng = np.random.default_rng(12)
    y = rng.normal(size=(3, 10, 2)) + np.arange(10)[None, :, None] / 3
    rows = [("grad-ascent", "u"), ("npo", "u"), ("rmu", "u")]
    study = planted.Study(rows, 10, 2).told(y)
    found = told("concordance", study)
    matrix = stats.spearmanr(y.mean(axis=2).T).statistic
    assert found.value == pytest.approx(matrix[np.triu_indices(3, 1)].mean())
    assert found.figure["w"] == pytest.approx(concordance(y.mean(axis=2).T).w)
    apart = told("concordance", study, together=[["grad-ascent", "npo"]])
    assert apart.value == pytest.approx((matrix[0, 2] + matrix[1, 2]) / 2)
    assert "no two rows" in told("concordance", study, together=[["grad-ascent", "npo", "rmu"]]).problem
    same = y.copy()
    same[1] = 0.25
    assert "all outcomes are the same in npo + u" in told("concordance", planted.Study(rows, 10, 2).told(same)).problem


def test_what_never_got_there_is_tied_behind_all_others(planted):
    updates = {"a": [3, 9, 9, 5, 7, 2, 9, 4], "b": [30, 70, 80, 50, 60, 20, 90, 40]}
    records = [
        planted.record(m, index=i, budget=STOP, ledger=spent(n, n < 9 or m == "b"))
        for m, of in updates.items()
        for i, n in enumerate(of)
    ]
    found = told("concordance", planted.evidence(records), of="log-updates")
    assert found.value == pytest.approx(stats.spearmanr(updates["a"], updates["b"]).statistic)
    assert found.figure["sets"][1] == ["random 1", None, pytest.approx(math.log(70))]


def test_concordance_of_samples(planted):
    rng = np.random.default_rng(13)
    values = rng.normal(size=(2, 6, 4))
    records = [
        planted.record(m, index=i, items={"c": {f"random-{i}-{j}": float(values[r, i, j]) for j in range(4)}})
        for r, m in enumerate("ab")
        for i in range(6)
    ]
    found = told("concordance", planted.evidence(records), of="c", by="samples")
    assert found.value == pytest.approx(stats.spearmanr(values[0].ravel(), values[1].ravel()).statistic)
    assert (found.n, found.figure["p"]) == (6, None)
    after = [
        planted.record(
            m, index=i, forgetting={"updates": {f"random-{i}-{j}": None if j == 3 else i + j for j in range(4)}}
        )
        for m in "ab"
        for i in range(6)
    ]
    assert told("concordance", planted.evidence(after), of="forgotten-after", by="samples").value == pytest.approx(1.0)


def test_a_ratio_with_runs_that_never_got_there(planted):
    def study(never):
        return planted.evidence(
            planted.record(
                "npo",
                curriculum=c,
                index=i,
                budget=STOP,
                ledger=spent(40 if i in never and c == "uniform" else n, not (i in never and c == "uniform")),
                draw_info={"samples": {"mrd": {"a": 1.0, "b": 4.0}}},
            )
            for c, of in (("uniform", range(20, 32)), ("weighted", range(10, 22)))
            for i, n in enumerate(of)
        )

    sides = {"first": {"curriculum": "uniform"}, "second": {"curriculum": "weighted"}}
    d = np.log(np.arange(20, 32)) - np.log(np.arange(10, 22))
    found = told("ratio", study(()), **sides, predicted="mrd")
    assert (found.value, found.low) == (pytest.approx(middle(d, d).value), pytest.approx(middle(d, d).low))
    assert found.figure["ratio"][0] == pytest.approx(math.exp(found.value))
    assert found.figure["predicted"] == [pytest.approx(math.log(2.5 / 1.6)), 12]
    one = told("ratio", study((0,)), **sides)
    assert one.low > 0
    assert one.problem == "on 1 of 12 forget sets a run never reached its goal"
    never = told("ratio", study(range(12)), **sides)
    assert (never.high, never.figure["ratio"][2]) == (math.inf, None)
    turned = told("ratio", study((0,)), first=sides["second"], second=sides["first"])
    assert (turned.value, turned.low, turned.high) == pytest.approx((-one.value, -one.high, -one.low))


def looked(planted, completeness, utility, **columns):
    points = [
        {
            "update": 5 * i,
            "scores": {planted.COMPLETENESS: c, planted.UTILITY: u, **{n: v[i] for n, v in columns.items()}},
        }
        for i, (c, u) in enumerate(zip(completeness, utility, strict=True))
    ]
    return {"completeness": completeness[-1], "utility": utility[-1], "trajectory": points}


def test_ways_of_records(planted):
    rng = np.random.default_rng(14)
    ways = {
        s: [([0.1, 0.4, 0.7, 0.9], [1.0, *(1 - np.sort(rng.uniform(0, d, 3))).tolist()]) for _ in range(6)]
        for s, d in (("in-distribution", 0.9), ("out-of-distribution", 0.3))
    }
    records = [
        planted.record(stratum=s, index=i, **looked(planted, *found))
        for s, of in ways.items()
        for i, found in enumerate(of)
    ]
    sides = {"first": {"stratum": "in-distribution"}, "second": {"stratum": "out-of-distribution"}}
    slower = told("decay", planted.evidence(records), **sides)
    slopes = [[np.polyfit([0, 5, 10, 15], u, 1)[0] for _, u in of] for of in ways.values()]
    assert slower.value == pytest.approx(np.mean(np.subtract(*slopes)))
    assert slower.high < 0
    area = told("trade-off-area", planted.evidence(records), **sides)
    areas = [[np.trapezoid(u, c) / 0.8 for c, u in of] for of in ways.values()]
    assert area.value == pytest.approx(np.mean(np.subtract(*areas)))
    named = told("decay", planted.evidence(records), **sides, of=planted.UTILITY)
    assert named.value == pytest.approx(slower.value)
    bare = planted.evidence([planted.record(stratum=s, index=i) for s in ways for i in range(6)])
    assert "cells without a value" in told("trade-off-area", bare, **sides).problem


def test_the_misalignment_index_of_records(planted):
    rng = np.random.default_rng(15)
    said, likely = np.sort(rng.uniform(0, 1, (2, 6, 4)), axis=2)[..., ::-1]
    columns = {"forget_rr": planted.score(0.9, complement=True), "forget_p": planted.score(0.9, complement=True)}
    records = [
        planted.record(
            index=i,
            columns=columns,
            items={"forget_rr": {"a": 0.9, "b": 0.9, "c": 0.1}, "forget_p": {"a": 0.9, "b": 0.2, "c": 0.2}},
            trajectory=[
                {"update": k, "scores": {"forget_rr": 1 - float(said[i, k]), "forget_p": 1 - float(likely[i, k])}}
                for k in range(4)
            ],
        )
        for i in range(6)
    ]
    options = {"generation": "forget_rr", "probability": "forget_p"}
    found = told("misalignment-index", planted.evidence(records), **options, chance=0.01)
    by_path = misalignment_index(said, likely, chance=0.01).paths
    test = stats.ttest_1samp(by_path, 0).confidence_interval()
    assert (found.value, found.low) == (pytest.approx(np.mean(by_path)), pytest.approx(test.low))
    assert (found.figure["samples"], found.figure["kept_unsaid"]) == (18, pytest.approx(1 / 3))
    assert "without a value" in told("misalignment-index", planted.evidence(records), **options).problem
    oracle = [
        planted.record(
            "retrain", index=i, reference="oracle", columns={n: planted.score(0.99, complement=True) for n in columns}
        )
        for i in range(6)
    ]
    beside = planted.evidence(records + oracle)
    assert told("misalignment-index", beside, **options).value == pytest.approx(found.value)
    low = told("misalignment-index", beside, **options, lowest="retrain")
    assert low.value == pytest.approx(np.mean(misalignment_index(said, likely, chance=0.01, lowest=0.01).paths))
    few = planted.evidence(records + oracle[:1])
    assert not told("misalignment-index", few, **options).known
    both = {"chance": "retrain-mean", "lowest": "retrain-mean"}
    assert told("misalignment-index", few, **options, **both).value == pytest.approx(low.value)
    assert not told("misalignment-index", planted.evidence(records), **options, **both).known
    apart = [
        planted.record(
            "retrain", index=i, reference="oracle", columns={n: planted.score(v, complement=True) for n in columns}
        )
        for i, v in enumerate((0.9, 0.96))
    ]
    found = told("misalignment-index", planted.evidence(records + apart), **options, **both)
    assert found.value == pytest.approx(np.mean(misalignment_index(said, likely, chance=0.07, lowest=0.07).paths))


def test_strata_of_a_misalignment_index_count_alike(planted):
    """Two rows, whose cells come in another order in each stratum; eight sets of one and four of the other."""
    rng = np.random.default_rng(21)
    kinds = {n: planted.score(0.9, complement=True) for n in ("forget_rr", "forget_p")}
    fall = np.array([0.0, 0.5, 1.0])

    def of(stratum, count, methods):
        ahead = rng.uniform(0, 0.3, (count, len(methods)))
        records = [
            planted.record(
                method,
                stratum=stratum,
                index=i,
                columns=kinds,
                trajectory=[
                    {"update": k, "scores": {"forget_rr": float(f), "forget_p": float(f - (k == 1) * ahead[i, m])}}
                    for k, f in enumerate(fall)
                ],
            )
            for m, method in enumerate(methods)
            for i in range(count)
        ]
        return records, ahead / 3

    (low, a), (high, b) = of("low", 8, ("npo", "idk")), of("high", 4, ("idk", "npo"))
    options = {"generation": "forget_rr", "probability": "forget_p", "chance": 0.0, "lowest": 0.0}
    found = told("misalignment-index", planted.evidence(low + high), **options)
    assert found.value == pytest.approx((a.mean() + b.mean()) / 2)
    means = a.mean(axis=1), b.mean(axis=1)
    error = math.sqrt(sum(m.var(ddof=1) / len(m) for m in means)) / 2
    parts = [m.var(ddof=1) / len(m) for m in means]
    df = sum(parts) ** 2 / sum(p**2 / (len(m) - 1) for p, m in zip(parts, means, strict=True))
    assert found.high == pytest.approx(found.value + stats.t.ppf(0.975, df) * error)
    by_row = {"npo": (a[:, 0].mean() + b[:, 1].mean()) / 2, "idk": (a[:, 1].mean() + b[:, 0].mean()) / 2}
    assert dict(map(tuple, found.figure["rows"])) == {f"{n} + uniform": pytest.approx(v) for n, v in by_row.items()}
    assert found.n == 12
    beside = planted.evidence([*low, *of("random", 4, ("npo", "idk"))[0]])
    assert "several samplers" in told("misalignment-index", beside, **options).problem
    unlike = planted.evidence([*low, *of("high", 4, ("npo",))[0]])
    assert "unlike rows" in told("misalignment-index", unlike, **options).problem
    short = planted.evidence([*low, *of("high", 2, ("npo", "idk"))[0]])
    assert "too few" in told("misalignment-index", short, **options).problem


def test_a_slope_over_parts(planted):
    rng = np.random.default_rng(16)
    parts = {}
    for name, size in (("s", 1e5), ("m", 4e5), ("l", 1e6)):
        y = rng.normal(0, 0.1, (2, 8, 2))
        y[0] += math.log(size)
        study = planted.Study([("npo", "u"), ("grad-diff", "u")], 8, 2).told(y)
        parts[name] = Part(study.only.records, facts={"parameters": size})
    inner = {"name": "paired-difference", **BY_METHOD}
    found = told("slope-over-parts", Evidence("all", parts), statistic=inner, over="parameters")
    each = [told("paired-difference", Evidence("one", {"": part}), **BY_METHOD).value for part in parts.values()]
    assert found.value == pytest.approx(np.polyfit(np.log([1e5, 4e5, 1e6]), each, 1)[0])
    assert found.low < 1 < found.high
    assert found.n == 24
    two = Evidence("two", {name: parts[name] for name in ("s", "m")})
    assert "3 are needed" in told("slope-over-parts", two, statistic=inner, over="parameters").problem
    assert "forget_size" in told("slope-over-parts", two, statistic=inner, over="forget_size").problem


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("paired-difference", {"first": {"method": "a"}, "second": {"stratum": "b"}}, "the same facets"),
        ("paired-difference", {"first": {"method": "a"}, "second": {"method": "a"}}, "the same cells"),
        ("paired-difference", {"first": {"metod": "a"}, "second": {"metod": "b"}}, "metod"),
        ("paired-difference", {**BY_METHOD, "of": "completeness", "at": "completeness-matched"}, "equal completeness"),
        ("slope-over-parts", {"statistic": {"name": "ratoi"}, "over": "parameters"}, "ratio"),
        ("slope-over-parts", {"statistic": {"name": "ratio"}, "over": "parameters"}, "first"),
        ("concordance", {"of": "forgotten-after"}, "by: samples"),
        ("misalignment-index", {"generation": "g", "probability": "p", "says": 2}, "says"),
    ],
)
def test_options_that_make_no_sense(name, options, why):
    with pytest.raises(FairforgetError, match=why):
        made(name, **options)


@pytest.mark.parametrize("name", PAIRED)
def test_no_evidence_is_no_effect(name, planted):
    sides = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}
    options = {
        "at-equal-utility": {**sides, "lost": 0.1},
        "concordance": {},
        "variance-share": {},
        "misalignment-index": {"generation": "g", "probability": "p", "chance": 0.0},
        "slope-over-parts": {"statistic": {"name": "variance-share"}, "over": "parameters"},
    }.get(name, sides)
    for records in (
        (),
        [planted.record()],
        [planted.record(m, index=i, status="failed") for m in "ab" for i in range(9)],
    ):
        assert not told(name, planted.evidence(records), **options).known
    assert name in STATISTICS


@pytest.mark.parametrize(
    ("first", "second", "planned"),
    [
        ({"method": "npo"}, {"method": "grad-diff"}, 20),
        ({"stratum": "high"}, {"stratum": "low"}, 10),
        ({"sampler": "a", "stratum": "high"}, {"sampler": "b", "stratum": "high"}, 10),
    ],
)
@pytest.mark.parametrize(("name", "options"), [("paired-difference", {}), ("at-equal-utility", {"lost": 0.1})])
def test_sets_of_two_strata_are_pairs_before_the_run(name, options, first, second, planned):
    design = Design(2, 10, 8, lambda: None)
    assert made(name, first=first, second=second, **options).planned(design) == planned


def test_forgetting_at_equal_utility(planted):
    """Utility falls evenly by 0.2 a look, and by 0.1; forgetting rises by 0.2 a look in both."""
    rng = np.random.default_rng(17)
    risen, shift = 0.2 * np.arange(5), rng.normal(0, 0.01, (2, 6))
    records = [
        planted.record(
            stratum=s, index=i, **looked(planted, (risen + shift[row, i]).tolist(), (1 - fall * np.arange(5)).tolist())
        )
        for row, (s, fall) in enumerate((("high", 0.2), ("low", 0.1)))
        for i in range(6)
    ]
    sides = {"first": {"stratum": "high"}, "second": {"stratum": "low"}}
    found = told("at-equal-utility", planted.evidence(records), **sides, lost=0.35)
    # 0.35 are lost after 1.75 looks, and after 3.5.
    test = stats.ttest_1samp(0.2 * 1.75 - 0.2 * 3.5 + shift[0] - shift[1], 0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(test.low), pytest.approx(test.high))
    each = 0.2 * 1.75 - 0.2 * 3.5 + shift[0] - shift[1]
    control = told("at-equal-utility", planted.evidence(records), **sides, lost=0.35, shuffled=True)
    assert np.abs([v for _, v in control.figure["sets"]]) == pytest.approx(np.abs(each))
    assert control.low < 0 < control.high
    never = told("at-equal-utility", planted.evidence(records), **sides, lost=0.5)
    assert "6 of 6 forget sets left out: 6 cells without a value" in never.problem
    assert math.isnan(forgetting_at(way([0, 1], [0, 1], [0.5, 0.4]), 0.6))


@pytest.mark.parametrize(
    ("name", "needs"), [("ratio", "stop"), ("decay", "trajectory"), ("trade-off-area", "trajectory")]
)
def test_what_a_study_lacks_is_said(name, needs, planted):
    records = [planted.record(m, index=i, completeness=0.5) for m in ("npo", "grad-diff") for i in range(8)]
    assert needs in told(name, planted.evidence(records), **BY_METHOD).problem


def test_looks_of_a_hostile_trajectory(planted):
    for trajectory in (None, {}, [None], [{"update": "x"}], [{"update": 1, "scores": []}], [{"update": 1e400}]):
        one = planted.record(trajectory=trajectory)
        assert Looks("a", "b", {}).way(one) is None
