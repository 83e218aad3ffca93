"""Ratios, intervals and thresholds of the speed gate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.testing.speed.verdict import WALL_MARGIN, judge, noise, order_statistic, ratio_of


@pytest.mark.parametrize("n", range(6, 200))
def test_the_order_statistic_is_the_greatest_that_covers_95_percent(n):
    k = order_statistic(n)
    assert stats.binom.cdf(k - 1, n, 0.5) <= 0.025 < stats.binom.cdf(k, n, 0.5)


@pytest.mark.parametrize("n", range(6))
def test_fewer_than_six_rounds_have_no_interval(n):
    with pytest.raises(ValueError, match="six"):
        order_statistic(n)


def test_the_interval_covers_the_median_of_skewed_rounds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    n, times, true = 15, 4000, 1.07
    covered = 0
    for _ in range(times):
        found = ratio_of(true * rng.lognormal(0, 0.2, n) ** 2, [1.0] * n)
        covered += found.low <= true <= found.high
    expected = 1 - 2 * stats.binom.cdf(order_statistic(n) - 1, n, 0.5)
    assert expected >= 0.95
    assert covered / times == pytest.approx(expected, abs=0.012)


def test_rounds_have_to_be_paired():
    with pytest.raises(ValueError, match="paired"):
        ratio_of([1.0] * 7, [1.0] * 8)


def test_noise_is_the_scatter_of_a_ratio_of_two_medians():
    rng = np.random.default_rng(1)
    n, times = 15, 3000
    one, other = np.exp(rng.normal(0, 0.05, (2, times, n)))
    scatter = np.std(np.log(np.median(one, 1) / np.median(other, 1)))
    said = np.median([noise(list(rounds)) for rounds in one])
    # The median absolute deviation of few values is a little small.
    assert 0.8 * scatter < said < 1.1 * scatter


def measured(data, control=None, wall=None, margin=0.1):
    n = len(data)
    return {"data": data, "control": control or [1.0] * n, "wall": wall or [1.0] * n, "margin": margin}


STEADY = [1 + 0.001 * i for i in range(15)]


@pytest.mark.parametrize(
    ("factor", "word"),
    [(1.0, "as fast"), (1.09, "as fast"), (1.12, "slower"), (1.3, "slower"), (0.95, "as fast"), (0.8, "faster")],
)
def test_the_word(factor, word):
    assert judge("b", measured(STEADY), measured([factor * v for v in STEADY])).word == word


def test_a_slower_machine_is_no_slower_code():
    slow = [2 * v for v in STEADY]
    assert judge("b", measured(STEADY), measured(slow, control=[2.0] * 15)).word == "as fast"


def test_a_few_disturbed_rounds_are_nothing():
    head = list(STEADY)
    head[3] = head[7] = head[11] = 10.0
    assert judge("b", measured(STEADY), measured(head)).word == "as fast"


def test_where_rounds_scatter_more_has_to_be_slower():
    rng = np.random.default_rng(2)
    scattered = list(rng.lognormal(0, 0.3, 15))
    found = judge("b", measured(scattered), measured([1.2 * v for v in scattered]))
    assert found.threshold == pytest.approx(1 + 2 * noise(scattered))
    assert found.threshold > 1.2
    assert found.word == "as fast"


def test_waiting_is_seen_by_the_clock():
    same = measured(STEADY)
    waits = measured(STEADY, wall=[1.1 * (1 + WALL_MARGIN)] * 15)
    assert judge("b", same, waits).word == "slower"
    assert judge("b", same, measured(STEADY, wall=[0.9 * (1 + WALL_MARGIN)] * 15)).word == "as fast"


def test_what_one_version_lacks():
    assert judge("b", None, measured(STEADY)).word == "new"
    assert judge("b", measured(STEADY), None).word == "failed"


@given(st.lists(st.floats(0.01, 100), min_size=6, max_size=40), st.floats(0.1, 10))
@settings(derandomize=True, deadline=None)
def test_another_unit_changes_nothing(values, factor):
    base, head = values, list(reversed(values))
    found = ratio_of(head, base)
    scaled = ratio_of([factor * v for v in head], [factor * v for v in base])
    assert found.low <= found.median <= found.high
    for name in ("low", "median", "high"):
        assert math.isclose(getattr(found, name), getattr(scaled, name), rel_tol=1e-9)


def test_a_gate_hardly_ever_fails_an_unchanged_version_and_nearly_always_one_that_is_30_percent_slower():
    """Two looks, and the scatter of a busy machine: a round strays by 5 %, every eighth by up to as much again."""
    rng = np.random.default_rng(3)

    def rounds(factor, n):
        strayed = rng.lognormal(0, 0.05, n) * np.where(rng.random(n) < 0.125, rng.uniform(1, 2, n), 1)
        return measured(list(factor * strayed))

    def fails(factor):
        first = judge("b", rounds(1.0, 15), rounds(factor, 15))
        return first.suspect and judge("b", rounds(1.0, 30), rounds(factor, 30)).word == "slower"

    assert sum(fails(1.0) for _ in range(3000)) <= 1
    assert np.mean([fails(1.3) for _ in range(3000)]) > 0.995


def test_what_is_not_sure_is_suspect():
    base = measured(STEADY)
    unsure = measured([v * f for v, f in zip(STEADY, [0.9, 1.3] * 7 + [1.3], strict=True)])
    found = judge("b", base, unsure)
    assert found.word == "as fast"
    assert found.suspect
    assert not judge("b", base, base).suspect
    assert not judge("b", None, base).suspect
    assert judge("b", base, measured(STEADY, wall=[3.0] * 15)).suspect
