"""The statistics of the quality gate, against scipy and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.errors import FairforgetError
from fairforget.testing.quality import Column, Scores
from fairforget.testing.quality.judging import half_of_items, judge, same


def column(values, role="completeness", on="forget", *, shared=False):
    """A column of (draws, items)."""
    items = {
        f"d{d}": {(f"{on}{i}" if shared else f"{on}{d}-{i}"): float(v) for i, v in enumerate(row)}
        for d, row in enumerate(np.asarray(values, dtype=float))
    }
    return Column(role, on, {draw: float(np.mean(list(found.values()))) for draw, found in items.items()}, items)


def scores(overlap=0.0, **columns):
    draws = list(next(iter(columns.values())).values)
    return Scores("m", {}, {}, columns, {"random": draws}, {"random": overlap})


def verdicts(base, head, margin):
    return judge(scores(c=column(base)), scores(c=column(head)), margin)[0]


def test_between_draws_that_differ_it_is_the_paired_t_interval_of_scipy():
    rng = np.random.default_rng(1)
    base = rng.random((6, 40))
    head = base + rng.normal(0, 0.2, (6, 1)) + rng.normal(0, 0.01, (6, 40))
    found = verdicts(base, head, 0.05)
    known = stats.ttest_rel(head.mean(axis=1), base.mean(axis=1)).confidence_interval()
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert (found.draws, found.items) == (6, 240)


def test_where_draws_happen_to_agree_it_is_the_t_interval_over_items():
    rng = np.random.default_rng(2)
    base = rng.random((5, 12))
    change = np.stack([rng.permutation([-0.6] * 3 + [0.0] * 9) for _ in range(5)])  # the same mean on every draw
    found = verdicts(base, base + change, 0.05)
    known = stats.ttest_1samp(change.ravel(), 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_items_that_several_draws_share_count_once():
    rng = np.random.default_rng(3)
    base, change = rng.random((8, 20)), rng.normal(0, 1, 20)
    pairs = [(column(base, shared=True), column(base + change, shared=True))]
    interval = stats.ttest_1samp(change, 0).confidence_interval()
    assert half_of_items(pairs) == pytest.approx((interval.high - interval.low) / 2)


def test_sets_of_items_weigh_as_their_columns():
    rng = np.random.default_rng(4)
    first, second, third = rng.normal(0, 1, 30), rng.normal(0, 1, 30), rng.normal(0, 2, 12)
    zero = np.zeros((4, 30))
    pairs = [
        (column(zero, on="retain", shared=True), column(zero + first, on="retain", shared=True)),
        (column(zero, on="retain", shared=True), column(zero + second, on="retain", shared=True)),
        (column(zero[:, :12], on="world", shared=True), column(zero[:, :12] + third, on="world", shared=True)),
    ]
    retain = (first + second) / 2
    parts = [(4 / 9 * retain.var(ddof=1) / 30, 29), (1 / 9 * third.var(ddof=1) / 12, 11)]
    variance = sum(v for v, _ in parts)
    df = variance**2 / sum(v * v / f for v, f in parts)  # Welch and Satterthwaite
    assert half_of_items(pairs) == pytest.approx(stats.t.ppf(0.975, df) * variance**0.5)


def test_a_column_that_is_no_mean_of_items_counts_by_draw_alone():
    rng = np.random.default_rng(5)
    base, head = rng.random((6, 10)), rng.random((6, 10))
    flat = Column("completeness", "forget", dict.fromkeys((f"d{i}" for i in range(6)), 0.5), {}, averaged=False)
    half = half_of_items([(column(base), column(head))])
    assert half_of_items([(column(base), column(head)), (flat, flat)]) == pytest.approx(half / 2)
    assert half_of_items([(flat, flat)]) == 0


def test_forget_sets_that_share_samples_widen_the_interval():
    rng = np.random.default_rng(6)
    base = rng.random((5, 30))
    head = base + rng.normal(0, 0.1, (5, 1))
    narrow = judge(scores(c=column(base)), scores(c=column(head)), 0.05)[0]
    wide = judge(scores(c=column(base)), scores(overlap=0.25, c=column(head)), 0.05)[0]
    # Nadeau and Bengio (2003): the variance of a mean of 5 grows by 1 + 5 × 0.25 / 0.75.
    assert wide.high - wide.low == pytest.approx((narrow.high - narrow.low) * (1 + 5 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [(-0.2, "worse"), (-0.03, "not worse"), (0.0, "not worse"), (0.03, "not worse"), (0.2, "better")],
)
def test_verdicts(shift, verdict):
    rng = np.random.default_rng(7)
    base = rng.random((8, 16))
    head = base + shift + rng.normal(0, 0.01, (8, 1)) + rng.normal(0, 0.01, (8, 16))
    assert verdicts(base, head, 0.1).verdict == verdict


def test_noise_as_large_as_the_margin_cannot_be_told():
    base = np.zeros((4, 10))
    head = base + np.array([[-0.4], [0.3], [-0.3], [0.2]])
    assert verdicts(base, head, 0.1).verdict == "cannot tell"


def test_one_item_of_many_that_moved_is_no_regression():
    base = np.ones((3, 8))
    head = base.copy()
    head[:, 0] = 0  # the same change of every draw's mean: without items it would look certain
    assert verdicts(base, head, 0.02).verdict == "cannot tell"


def test_the_worst_items_and_columns_are_named():
    base = np.ones((3, 4))
    head = base.copy()
    head[1, 2], head[2, 3] = 0.1, 0.4
    found = judge(scores(a=column(base), b=column(base)), scores(a=column(head), b=column(base)), 0.1)[0]
    assert found.worst == [("forget1-2 (d1)", pytest.approx(-0.45)), ("forget2-3 (d2)", pytest.approx(-0.3))]
    assert found.columns == {"a": pytest.approx(-1.5 / 12), "b": 0}
    assert found.change == pytest.approx(-1.5 / 24)


def test_roles_are_judged_apart():
    rng = np.random.default_rng(8)
    base = rng.random((6, 20))
    lost = base - 0.2 + rng.normal(0, 0.01, (6, 20))
    before = scores(f=column(base), r=column(base, "utility", "retain"))
    after = scores(f=column(base + rng.normal(0, 0.01, (6, 20))), r=column(lost, "utility", "retain"))
    assert [(j.role, j.verdict) for j in judge(before, after, 0.05)] == [
        ("completeness", "not worse"),
        ("utility", "worse"),
    ]


def test_strata_have_equal_weights():
    base = {f"d{i}": 0.5 for i in range(7)}
    easy = Column("completeness", "forget", base, {}, averaged=False)
    moved = Column("completeness", "forget", base | {"d0": 0.1, "d1": 0.1, "d2": 0.1}, {}, averaged=False)
    strata = {"easy": ["d0", "d1", "d2"], "hard": ["d3", "d4", "d5", "d6"]}
    found = judge(Scores("m", {}, {}, {"c": easy}, strata), Scores("m", {}, {}, {"c": moved}, strata), 0.01)[0]
    assert found.change == pytest.approx(-0.2)


@pytest.mark.parametrize("margin", [0, -0.1, float("nan"), float("inf")])
def test_a_margin_is_a_number_above_0(margin):
    with pytest.raises(FairforgetError, match="margin"):
        verdicts(np.zeros((3, 4)), np.ones((3, 4)), margin)


def test_two_forget_sets_tell_nothing():
    with pytest.raises(FairforgetError, match="fewer than 3 forget sets"):
        verdicts(np.zeros((2, 4)), np.ones((2, 4)), 0.1)


def test_the_same_needs_no_test():
    (found,) = same(scores(c=column(np.full((3, 4), 0.25))), 0.05)
    assert (found.verdict, found.base, found.head, found.low) == ("same", 0.25, 0.25, None)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=4, max_size=4), min_size=3, max_size=6),
    st.data(),
)
def test_base_and_head_in_turn_swap_the_verdict(base, data):
    head = [[data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) for _ in row] for row in base]
    there, back = verdicts(base, head, 0.05), verdicts(head, base, 0.05)
    assert (there.low, there.high) == (pytest.approx(-back.high, abs=1e-12), pytest.approx(-back.low, abs=1e-12))
    if not any(abs(abs(end) - 0.05) < 1e-9 for end in (there.low, there.high)):
        mirror = {"worse": "better", "better": "worse"}
        expected = mirror.get(there.verdict)
        assert back.verdict == expected if expected else back.verdict not in mirror


def simulated(loss, *, draws=8, items=16, sd_draw=0.03, sd_item=0.2, rounds=400, margin=0.05):
    """The share of simulated changes that are called worse; draws and items vary."""
    rng = np.random.default_rng(round(1000 * loss) + draws)
    red = 0
    for _ in range(rounds):
        base = np.full((draws, items), 0.5)
        change = -loss + rng.normal(0, sd_draw, (draws, 1)) + rng.normal(0, sd_item, (draws, items))
        red += verdicts(base, base + change, margin).verdict == "worse"
    return red / rounds


@pytest.mark.parametrize("draws", [3, 8])
def test_a_loss_of_just_the_margin_is_a_false_alarm_at_most_as_often_as_promised(draws):
    # 2.5 %, and what 400 rounds may show beyond it: P(X > 20) = 0.1 % for X ~ B(400, 0.025).
    assert simulated(0.05, draws=draws) <= 20 / 400


def test_noise_without_a_loss_is_never_red():
    assert simulated(0.0) == 0


def test_a_loss_of_two_margins_is_seen():
    # sd of the mean change: sqrt((0.03² + 0.2² / 16) / 8) = 0.0205; t with 7 degrees of freedom, noncentral.
    se = ((0.03**2 + 0.2**2 / 16) / 8) ** 0.5
    power = stats.nct.sf(stats.t.ppf(0.975, 7), 7, 0.05 / se)
    assert simulated(0.10) == pytest.approx(power, abs=0.08)
    assert simulated(0.10, draws=20) > 0.9
