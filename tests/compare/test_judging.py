from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.compare.judging import Drawn, judged


def drawn(difference, overlap=0.0, base=0.5):
    found = np.asarray(difference, dtype=float)
    return Drawn(np.full_like(found, base), base + found, overlap)


def one(*strata, margin=0.0, same=False):
    (found,) = judged([list(strata)], [same], margin)
    return found


def test_a_single_comparison_is_a_paired_t_test():
    rng = np.random.default_rng(3)
    base, head = rng.normal(0.6, 0.1, 8), rng.normal(0.65, 0.1, 8)
    found = one(Drawn(base, head, 0.0))
    test = stats.ttest_rel(head, base)
    interval = test.confidence_interval(0.95)
    assert found.difference.mean == pytest.approx((head - base).mean())
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high))
    # Two one-sided tests after Holm are the two-sided one.
    assert min(found.p_better, found.p_worse) == pytest.approx(test.pvalue)
    assert found.base.mean == pytest.approx(base.mean())
    assert found.head.mean == pytest.approx(head.mean())


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("margin", [0.0, 0.03])
def test_alone_the_verdict_is_what_the_interval_says(seed, margin):
    rng = np.random.default_rng(seed)
    found = one(drawn(rng.normal(rng.uniform(-0.1, 0.1), 0.04, rng.integers(3, 12))), margin=margin)
    low, high = found.difference.low, found.difference.high
    expected = "better" if low > 0 else "worse" if high < -margin else "not worse" if margin and low > -margin else None
    assert found.verdict == (expected or "cannot tell")


def test_the_margin_is_a_one_sided_test_from_the_other_side():
    values = np.array([-0.010, -0.014, -0.006, -0.012, -0.009, -0.011])
    found = one(drawn(values), margin=0.02)
    by_scipy = stats.ttest_1samp(values, -0.02, alternative="greater").pvalue
    assert found.p_not_worse == pytest.approx(2 * by_scipy)
    assert found.verdict == "not worse"
    assert one(drawn(values), margin=0.005).verdict == "worse"
    assert one(drawn(values)).verdict == "worse"


def test_several_comparisons_are_corrected_by_holm():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(8)
    several = [rng.normal(size, 0.05, 6) for size in (0.2, 0.07, 0.0, -0.05, -0.3)]
    found = judged([[drawn(values)] for values in several], [False] * 5)
    raw = []
    for values in several:
        raw += [stats.ttest_1samp(values, 0, alternative=side).pvalue for side in ("greater", "less")]
    expected = multipletests(raw, method="holm")[1]
    assert [p for f in found for p in (f.p_better, f.p_worse)] == pytest.approx(list(expected))
    assert [f.verdict for f in found][0::4] == ["better", "worse"]


def test_correcting_tells_less():
    values = [-0.06, -0.02, -0.05, -0.01, -0.07]
    assert one(drawn(values)).verdict == "worse"
    rng = np.random.default_rng(1)
    many = [[drawn(values)], *([drawn(rng.normal(0, 0.05, 5))] for _ in range(20))]
    assert judged(many, [False] * 21)[0].verdict == "cannot tell"


def test_what_is_the_same_is_not_tested():
    values = [-0.06, -0.02, -0.05, -0.01, -0.07]
    many = [[drawn(values)], *([drawn(np.zeros(5))] for _ in range(20))]
    found = judged(many, [False] + [True] * 20)
    assert [f.verdict for f in found] == ["worse"] + ["same"] * 20
    assert found[1].p_better is None


def test_false_alarms_are_rare_over_all_rows():
    """Six rows that did not change, with 4 draws: any false claim in at most 5 % of comparisons."""
    rng = np.random.default_rng(21)
    wrong = 0
    for _ in range(400):
        rows = [[drawn(rng.normal(0, 0.05, 4))] for _ in range(6)]
        wrong += any(f.verdict != "cannot tell" for f in judged(rows, [False] * 6))
    assert 0 < wrong / 400 < 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5


def test_a_loss_of_the_margin_is_rarely_called_none():
    rng = np.random.default_rng(22)
    wrong = sum(
        one(drawn(rng.normal(-0.02, 0.02, 6)), margin=0.02).verdict in {"not worse", "better"} for _ in range(1000)
    )
    assert wrong / 1000 < 0.025 + 2 * (0.025 * 0.975 / 1000) ** 0.5


def test_the_sets_it_asks_for_are_enough():
    """As many as `draws_needed` tell a difference of that size about 80 % of the time."""
    rng = np.random.default_rng(23)
    z = np.array([-1.2, -0.3, 0.4, 1.1, 0.0, -0.6, 0.6])
    values = 0.03 + 0.05 * z / z.std(ddof=1)
    needed = one(drawn(values)).draws_needed
    assert needed == 24
    told = np.mean([one(drawn(rng.normal(0.03, 0.05, needed))).verdict == "better" for _ in range(600)])
    assert 0.74 < told < 0.86


def test_more_are_asked_for_than_there_are():
    found = one(drawn([0.03, 0.0301, 0.001]))
    assert found.verdict == "cannot tell"
    assert found.draws_needed >= 4
    assert one(drawn([0.01, -0.01, 0.02, -0.02])).draws_needed is None


def by_hand(values, size, alpha):
    """How many sets tell a difference of `size` with 80 % power in a two-sided test."""
    told = stats.norm.isf(alpha / 2)
    return np.ceil(((told + stats.norm.ppf(0.8)) * np.std(values, ddof=1) / size) ** 2 + told**2 / 2)


def test_the_margin_counts_in_what_it_takes():
    values = [-0.001, 0.03, -0.04, 0.02, -0.01]
    for margin in (0.0, 0.01, 0.02):
        found = one(drawn(values), margin=margin)
        assert found.verdict == "cannot tell"
        assert found.draws_needed == found.draws_apart == by_hand(values, np.mean(values) + margin, 0.05)


def test_what_it_takes_counts_all_that_is_tested():
    values = [-0.001, 0.03, -0.04, 0.02, -0.01]
    for found in judged([[drawn(values)]] * 7, [False] * 7):
        assert found.draws_needed == by_hand(values, np.mean(values), 0.05 / 7)


def test_several_strata_have_equal_weights():
    rng = np.random.default_rng(5)
    small, large = rng.normal(0.3, 0.05, 3), rng.normal(-0.1, 0.05, 12)
    found = one(drawn(small), drawn(large))
    assert found.difference.mean == pytest.approx((small.mean() + large.mean()) / 2)
    assert found.difference.n == 15
    se = (small.var(ddof=1) / 3 + large.var(ddof=1) / 12) ** 0.5 / 2
    welch = stats.ttest_ind(small, -large, equal_var=False)
    t = found.difference.mean / se
    assert t == pytest.approx(welch.statistic)
    assert found.p_better == pytest.approx(welch.pvalue)


def test_sets_that_share_samples_tell_less():
    values = [0.03, 0.04, 0.02, 0.05, 0.035]
    apart, shared = one(drawn(values)), one(drawn(values, overlap=0.3))
    assert shared.p_better > apart.p_better
    assert shared.difference.half_width == pytest.approx(apart.difference.half_width * (1 + 5 * 0.3 / 0.7) ** 0.5)
    assert shared.detectable > apart.detectable


def test_sets_that_share_too_much_are_told_from_more_sets():
    """Where the shared part alone hides the difference, only other sets help."""
    values = [0.03, -0.04, 0.05, 0.01, -0.02]
    apart, shared = one(drawn(values)), one(drawn(values, overlap=0.3))
    assert shared.draws_needed is None
    assert apart.draws_apart == apart.draws_needed > 5
    # Sets that share 30 % spread less than others would: s² estimates 0.7 σ².
    assert shared.draws_apart == pytest.approx((apart.draws_needed - 1.92) / 0.7 + 1.92, abs=1)


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([], "no forget set"),
        ([drawn([0.1, 0.2])], "fewer than 3"),
        ([drawn([0.1, 0.2, 0.3]), drawn([])], "fewer than 3"),
        ([drawn([0.1, 0.2, 0.3], overlap=1.0)], "all forget sets are one"),
        ([drawn([1e308, -1e308, 1e308])], "too large"),
    ],
)
def test_nothing_is_told_where_nothing_can_be(strata, reason):
    found = one(*strata)
    assert found.verdict == "cannot tell"
    assert reason in found.reason
    assert found.draws_needed is None


def test_the_same_change_everywhere_is_a_sign_test():
    """No variance: 2^-F, both directions."""
    assert one(drawn([0.1] * 5)).verdict == "cannot tell"
    found = one(drawn([0.125] * 6))
    assert (found.verdict, found.p_better) == ("better", pytest.approx(2 * 0.5**6))
