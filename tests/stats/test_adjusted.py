"""Effects at equal difficulty, beside statsmodels' regression and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.adjusted import difficulty_crossing, difficulty_line
from fairforget.stats.intervals import paired_difference
from fairforget.stats.overlap import inflation, overlap_matrix


@settings(derandomize=True, deadline=None)
@given(st.integers(4, 15), st.floats(-3, 3), st.integers(0, 10_000), st.sampled_from([0.9, 0.95]))
def test_the_line_is_that_of_ordinary_least_squares(n, at, seed, level):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(5, 2, n), rng.normal(0, 1, n)
    found = difficulty_line(y, x, at=at, level=level)
    theirs = sm.OLS(y, sm.add_constant(x - at)).fit()
    (effect, slope), ((low, high), (flat, steep)) = theirs.params, theirs.conf_int(1 - level)
    assert (found.effect.mean, found.effect.low, found.effect.high) == pytest.approx((effect, low, high))
    assert (found.slope.mean, found.slope.low, found.slope.high) == pytest.approx((slope, flat, steep))
    assert found.effect.sd == pytest.approx(np.sqrt(theirs.scale))
    assert (found.effect.n, found.slope.n, found.at) == (n, n, at)


def test_the_joint_model_gives_the_same_differences():
    """y = α_m + γ_m D + φ_f + ε in one regression with a dummy for every draw."""
    rng = np.random.default_rng(1)
    draws, x = 9, rng.normal(0, 1, 9)
    y = (
        np.array([[0.5], [0.2]])
        + np.array([[0.3], [-0.1]]) * x
        + rng.normal(0, 2, draws)
        + rng.normal(0, 0.1, (2, draws))
    )
    design = np.zeros((2 * draws, draws + 2))
    design[:draws, 0], design[:draws, 1] = 1, x
    design[:, 2:] = np.tile(np.eye(draws), (2, 1))
    theirs = sm.OLS(y.ravel(), design).fit()
    found = difficulty_crossing(y[0], y[1], x, at=0.0).line
    assert (found.effect.mean, found.slope.mean) == pytest.approx(tuple(theirs.params[:2]))
    assert (found.effect.low, found.effect.high) == pytest.approx(tuple(theirs.conf_int()[0]))
    assert (found.slope.low, found.slope.high) == pytest.approx(tuple(theirs.conf_int()[1]))


def test_lines_that_cross_inside_and_outside():
    x = np.linspace(0, 1, 12)
    noise = 0.01 * np.cos(np.arange(12) * 2.0)
    hard_better, easy_better = 0.2 + 0.6 * x, 0.7 - 0.4 * x + noise
    found = difficulty_crossing(hard_better, easy_better, x)
    assert (found.inside, found.resolved) == (True, True)
    assert found.crosses_at == pytest.approx(0.5, abs=0.02)
    assert found.line.slope.mean == pytest.approx(1.0, abs=0.05)
    apart = difficulty_crossing(hard_better + 1, easy_better, x)
    assert (apart.inside, apart.resolved) == (False, False)
    assert apart.crosses_at == pytest.approx(-0.5, abs=0.05)
    vague = difficulty_crossing(hard_better, easy_better + 200 * noise, x)
    assert not vague.resolved
    assert difficulty_crossing(x, x, x).crosses_at is None


def test_the_adjustment_takes_out_what_difficulty_does():
    """Unlike the plain difference, the effect is told at one difficulty: here the draws are all on the hard side."""
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 2, 30)
    first, second = 1 + 0.5 * x + rng.normal(0, 0.01, 30), 1 - 0.5 * x
    at_zero = difficulty_crossing(first, second, x, at=0.0).line.effect
    assert at_zero.low < 0 < at_zero.high
    assert at_zero.mean == pytest.approx(0, abs=0.03)
    assert paired_difference(first, second).low > 1


def test_what_has_no_line():
    y = np.array([0.1, 0.2, 0.4, 0.3])
    assert difficulty_line(y[:3], np.array([1.0, 2.0, 3.0])) is None
    assert difficulty_line(y, np.full(4, 0.1)) is None
    assert difficulty_line(y, np.array([1.0, 2.0, 3.0, np.nan])) is None
    assert difficulty_line(y, np.array([1.0, 2.0, 3.0, 4.0]), overlap=1.0) is None
    assert difficulty_line(y, np.array([1.0, 2.0, 3.0, 4.0]), overlap=np.ones((4, 4))) is None
    assert difficulty_line(np.append(y, np.nan), np.array([1.0, 2.0, 3.0, 4.0, 5.0])).effect.n == 4
    with pytest.raises(ValueError, match="between 0 and 1"):
        difficulty_line(y, y, overlap=2.0)
    with pytest.raises(ValueError, match="every two"):
        difficulty_line(y, y, overlap=np.eye(3))


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
def test_equal_overlap_is_the_correction_of_a_mean(rho):
    """s² (1 / F + ρ / (1 − ρ)) at the mean difficulty, and nothing for the slope."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=7), rng.normal(size=7)
    plain, found = difficulty_line(y, x), difficulty_line(y, x, overlap=rho)
    assert found.effect.half_width == pytest.approx(plain.effect.half_width * np.sqrt(inflation(7, rho)))
    assert (found.slope.low, found.slope.high) == pytest.approx((plain.slope.low, plain.slope.high))
    matrix = np.where(np.eye(7, dtype=bool), 1.0, rho)
    assert difficulty_line(y, x, overlap=matrix) == found


def test_draws_that_share_samples_within_bins_of_difficulty():
    """Forget sets from three small bins: their slope is known by the bins and not by the number of draws."""
    rng = np.random.default_rng(6)
    bins, size, take, draws, simulations = 3, 12, 6, 5, 1200
    covered, plain = np.zeros(2), np.zeros(2)
    for _ in range(simulations):
        difficulty = np.sort(rng.normal(0, 1, bins * size))
        outcome = 1 + 0.5 * difficulty + rng.normal(0, 1, bins * size)
        sets = [b * size + rng.choice(size, take, replace=False) for b in range(bins) for _ in range(draws)]
        x, y = (np.array([values[chosen].mean() for chosen in sets]) for values in (difficulty, outcome))
        shared = overlap_matrix([[str(i) for i in chosen] for chosen in sets])
        for count, line in (
            (plain, difficulty_line(y, x, at=0.0)),
            (covered, difficulty_line(y, x, at=0.0, overlap=shared)),
        ):
            count += [line.effect.low <= 1 <= line.effect.high, line.slope.low <= 0.5 <= line.slope.high]
    assert (plain / simulations < 0.85).all()
    assert ((covered / simulations > 0.92) & (covered / simulations < 0.975)).all()


def test_overlapping_draws_widen_the_effect_and_not_the_slope():
    """Scores that correlate by ρ about the line: both intervals keep their level."""
    rng = np.random.default_rng(3)
    rho, draws, simulations = 0.5, 8, 2000
    x = rng.normal(0, 1, draws)
    covered = np.zeros(3)
    for _ in range(simulations):
        noise = np.sqrt(rho) * rng.normal() + np.sqrt(1 - rho) * rng.normal(size=draws)
        y = 2 + 0.7 * x + noise
        plain, found = difficulty_line(y, x, at=0.0), difficulty_line(y, x, at=0.0, overlap=rho)
        covered += [
            line.low <= truth <= line.high for line, truth in ((plain.effect, 2), (found.effect, 2), (found.slope, 0.7))
        ]
    assert covered[0] / simulations < 0.8
    assert (np.abs(covered[1:] / simulations - 0.95) < 0.02).all()
