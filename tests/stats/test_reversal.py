"""Reversals: counted, from the normal model beside simulation, and how well they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.stats.reversal import draws_to_see, observed_reversals, paired, reversal_model
from fairforget.stats.reversal_interval import _quantiles, reversal_intervals
from fairforget.stats.strata import moments


def simulate(rng, delta, tau, sigma, draws, seeds, simulations=1):
    """Return (simulations, draws, seeds) differences of two methods whose scores have noise sigma each."""
    by_draw = rng.normal(delta, tau, (simulations, draws, 1))
    return (
        by_draw + rng.normal(0, sigma, (simulations, draws, seeds)) - rng.normal(0, sigma, (simulations, draws, seeds))
    )


def test_draws_against_the_mean_are_counted_and_ties_are_not():
    found = observed_reversals([np.array([0.3, 0.2, -0.1, 0.0, np.nan])])
    assert (found.count, found.n, found.ties, found.share) == (1, 4, 1, 0.25)
    interval = stats.binomtest(1, 4).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert observed_reversals([-np.array([0.3, 0.2, -0.1, 0.0])]).count == 1
    assert observed_reversals([np.array([0.1, -0.1])]) is None
    assert sum([0.1, 0.2, -0.3]) != 0
    assert observed_reversals([np.array([0.1, 0.2, -0.3])]) is None
    assert observed_reversals([np.zeros(4)]) is None
    assert observed_reversals([np.array([np.nan])]) is None


def test_the_leader_is_that_of_the_standardised_mean():
    strata = [np.array([0.1, 0.2, 0.3]), np.array([-0.5, -0.6, 0.1])]
    assert observed_reversals(strata, [0.9, 0.1]).count == 2
    assert observed_reversals(strata, [0.1, 0.9]).count == 4
    assert observed_reversals(strata, [1, 0]).n == 3
    with pytest.raises(ValueError, match="weights"):
        observed_reversals(strata, [1, -1])


def test_rounding_is_a_tie():
    assert list(paired(np.array([0.1 + 0.2, 0.5]), np.array([0.3, 0.25]))) == [0.0, 0.25]
    assert np.isnan(paired(np.array([np.nan]), np.array([0.3])))[0]


@pytest.mark.parametrize(
    ("delta", "tau", "sigma", "seeds"), [(0.3, 0.4, 0.5, 2), (-0.5, 0.3, 0.2, 3), (0.2, 0.5, 0.1, 4)]
)
def test_the_model_recovers_planted_probabilities(delta, tau, sigma, seeds):
    """Against frequencies: new forget sets, their true difference, and what as many seeds show of it."""
    rng = np.random.default_rng(5)
    found = reversal_model([simulate(rng, delta, tau, sigma, 40_000, seeds)[0]])
    truth = rng.normal(delta, tau, 200_000)
    seen = truth + rng.normal(0, sigma * math.sqrt(2 / seeds), 200_000)
    against = -np.sign(delta)
    assert found.true == pytest.approx((np.sign(truth) == against).mean(), abs=0.01)
    assert found.observed == pytest.approx((np.sign(seen) == against).mean(), abs=0.01)
    alone = rng.normal(delta, sigma * math.sqrt(2 / seeds), 200_000)
    assert found.by_noise == pytest.approx((np.sign(alone) == against).mean(), abs=0.01)
    assert found.disagree == pytest.approx((np.sign(truth[::2]) != np.sign(truth[1::2])).mean(), abs=0.01)
    assert (found.delta, found.tau) == pytest.approx((delta, tau), abs=0.02)
    assert found.noise == pytest.approx(sigma * math.sqrt(2 / seeds), abs=0.01)
    assert not found.truncated


def test_the_wrong_winner_of_a_small_study():
    """The formula with the true values, against how often the mean of eight draws has the wrong sign."""
    delta, tau, sigma, seeds, draws = 0.15, 0.4, 0.3, 2, 8
    means = simulate(np.random.default_rng(6), delta, tau, sigma, draws, seeds, 40_000).mean(axis=(1, 2))
    # A study whose estimates are the truth: two values with this mean and standard deviation, repeated.
    sd = math.sqrt(tau**2 + 2 * sigma**2 / seeds)
    base = np.tile([-1.0, 1.0], draws // 2)
    exact = delta + sd * base / base.std(ddof=1)
    found = reversal_model([np.stack([exact, exact], axis=1)])
    assert found.sd == pytest.approx(sd)
    assert found.wrong_winner == pytest.approx((means < 0).mean(), abs=0.006)
    assert found.observed == pytest.approx(stats.norm.cdf(-delta / sd))


def test_the_wrong_winner_where_draws_overlap():
    """The error of the mean has the variance of `moments`, in one stratum and in two of equal spread."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.3, 0.5, (6, 1)), rng.normal(0.2, 0.5, (5, 1))
    error = moments([one[:, 0]], [1], [0.3]).se
    found = reversal_model([one], overlap=[0.3])
    assert found.wrong_winner == pytest.approx(stats.norm.cdf(-abs(one.mean()) / error))
    assert found.wrong_winner > reversal_model([one]).wrong_winner
    assert found.observed == reversal_model([one]).observed
    spread = (one - one.mean()) / one.std(ddof=1), (other - other.mean()) / other.std(ddof=1)
    strata = [0.3 + spread[0], 0.1 + spread[1]]
    error = moments([d[:, 0] for d in strata], [0.6, 0.4], [0.3, 0.1]).se
    found = reversal_model(strata, [0.6, 0.4], [0.3, 0.1])
    assert found.wrong_winner == pytest.approx(stats.norm.cdf(-0.22 / error))
    assert reversal_model([one], overlap=[1.0]).wrong_winner == pytest.approx(0.5)
    assert reversal_model([np.full((4, 1), 0.2)], overlap=[1.0]).wrong_winner == 0.0
    assert (
        reversal_model([one, other], [1, 0], [0.3, 1.0]).wrong_winner == reversal_model([one], [1], [0.3]).wrong_winner
    )


def test_strata_pool_their_noise_and_average_their_probabilities():
    rng = np.random.default_rng(8)
    easy, hard = (simulate(rng, delta, 0.2, 0.1, 30_000, 2)[0] for delta in (0.3, -0.1))
    found = reversal_model([easy, hard], [0.6, 0.4])
    assert found.delta == pytest.approx(0.6 * 0.3 - 0.4 * 0.1, abs=0.01)
    assert found.tau == pytest.approx(0.2, abs=0.01)
    expected = 0.6 * stats.norm.cdf(-0.3 / 0.2) + 0.4 * stats.norm.cdf(0.1 / 0.2)
    assert found.true == pytest.approx(expected, abs=0.01)
    assert reversal_model([easy, hard], [1, 0]) == reversal_model([easy])


def test_one_seed_says_nothing_of_noise():
    found = reversal_model([np.array([[0.3], [0.1], [-0.1]])])
    assert (found.tau, found.true, found.noise, found.by_noise, found.disagree) == (None,) * 5
    assert found.observed == pytest.approx(stats.norm.cdf(-0.1 / 0.2))
    assert found.seeds == 1


def test_less_than_no_variance_between_draws_stands_as_none():
    found = reversal_model([np.array([[0.5, -0.3], [-0.3, 0.5], [0.1, 0.1]])])
    assert found.truncated
    assert (found.tau, found.true, found.disagree) == (0.0, 0.0, 0.0)


def test_differences_without_variance():
    assert reversal_model([np.full((4, 2), 0.1)]).observed == 0.0
    assert reversal_model([np.zeros((4, 2))]).observed == 0.0
    assert reversal_model([np.full((1, 2), 0.1)]) is None
    assert reversal_model([np.array([[0.1, np.nan], [0.1, 0.2], [0.2, 0.1]])]).draws == 2
    with pytest.raises(ValueError, match="number of seeds"):
        reversal_model([np.zeros((3, 2)), np.zeros((3, 1))], [1, 1])


def test_draws_to_see_a_reversal():
    """The table of the study design."""
    assert [draws_to_see(share) for share in (0.05, 0.1, 0.2, 0.3)] == [59, 29, 14, 9]
    assert draws_to_see(0.0) is None
    assert draws_to_see(1.0) == 1


@settings(derandomize=True, deadline=None)
@given(st.floats(0.001, 0.999), st.floats(0.5, 0.99))
def test_as_many_draws_and_no_fewer_show_it(share, chance):
    draws = draws_to_see(share, chance)
    assert 1 - (1 - share) ** draws >= chance - 1e-8
    assert draws == 1 or 1 - (1 - share) ** (draws - 1) < chance


@pytest.mark.parametrize("values", [[0.2, 0.5, 0.3, 0.9, 0.4], [0.2, -0.1, 0.3, 0.4], [-1.0, -0.2, -0.7]])
def test_the_interval_of_the_observed_probability_is_the_non_central_one(values):
    """Exact limits of mean / sd, by inverting the non-central t distribution."""
    from scipy.optimize import brentq

    d = np.array(values)
    n, t = len(d), abs(d.mean()) / d.std(ddof=1) * math.sqrt(len(d))
    limits = [
        brentq(lambda delta, tail=tail: stats.nct.cdf(t, n - 1, delta) - tail, -20, 40) / math.sqrt(n)
        for tail in (0.975, 0.025)
    ]
    beaten = sorted(stats.norm.cdf(-x) for x in limits)
    expected = (min(beaten[0], 1 - beaten[1]), 0.5) if limits[0] < 0 < limits[1] else tuple(beaten)
    found = reversal_intervals([d[:, None]], rng=np.random.default_rng(1), resamples=400_000)
    assert found.observed == pytest.approx(expected, abs=0.004)
    assert found.true is None


@pytest.mark.parametrize(("delta", "tau", "sigma"), [(0.5, 0.5, 0.3), (0.2, 0.5, 0.2), (0.6, 0.3, 0.5)])
def test_the_intervals_cover(delta, tau, sigma):
    draws, seeds, simulations = 8, 2, 800
    rng = np.random.default_rng(9)
    true = stats.norm.cdf(-delta / tau)
    observed = stats.norm.cdf(-delta / math.sqrt(tau**2 + 2 * sigma**2 / seeds))
    covered = np.zeros(2)
    for one in simulate(rng, delta, tau, sigma, draws, seeds, simulations):
        found = reversal_intervals([one], rng=rng, resamples=500)
        covered += [low <= p <= high for (low, high), p in ((found.observed, observed), (found.true, true))]
    # Generalised intervals hold their level roughly, and err on the wide side where draws barely vary.
    assert (covered / simulations >= 0.92).all()


@pytest.mark.parametrize("deltas", [(0.6, -0.15, -0.15), (0.3, 0.1, -0.1), (0.2, -0.1, -0.1)])
def test_the_intervals_cover_where_strata_contradict(deltas):
    """Who leads by much in one of three strata and trails in two is behind on most draws: more than a half of them."""
    draws, simulations, tau, sigma = 6, 500, 0.15, 0.1
    rng = np.random.default_rng(10)
    true = stats.norm.cdf(-np.array(deltas) / tau).mean()
    observed = stats.norm.cdf(-np.array(deltas) / math.sqrt(tau**2 + sigma**2)).mean()
    if sum(deltas) < 1e-12:  # nobody leads: either way of counting is right
        true, observed = min(true, 1 - true), min(observed, 1 - observed)
    covered, inside = np.zeros(2), 0
    for _ in range(simulations):
        strata = [simulate(rng, delta, tau, sigma, draws, 2)[0] for delta in deltas]
        found, model = reversal_intervals(strata, [1, 1, 1], rng=rng, resamples=500), reversal_model(strata, [1, 1, 1])
        covered += [low <= p <= high for (low, high), p in ((found.observed, observed), (found.true, true))]
        inside += found.observed[0] <= model.observed <= found.observed[1]
    assert (covered / simulations >= 0.92).all()
    assert inside == simulations


def test_where_the_leader_is_not_known_either_way_of_counting_is_inside():
    """First is ahead by a hair, and behind in two strata of three: 3 of 5 draws are reversed, or else 2 of 5."""
    spread = 0.15 * np.array([[-1.2], [-0.4], [0.4], [1.2]])
    strata = [mean + spread for mean in (0.45, -0.2, -0.2)]
    observed = reversal_model(strata, [1, 1, 1]).observed
    low, high = reversal_intervals(strata, [1, 1, 1], rng=np.random.default_rng(2)).observed
    assert observed > 0.55
    assert low < 1 - observed < observed < high
    turned = reversal_intervals([-d for d in strata], [1, 1, 1], rng=np.random.default_rng(2)).observed
    assert turned == pytest.approx((low, high), abs=0.03)


def test_no_interval_below_three_draws():
    rng = np.random.default_rng(0)
    assert reversal_intervals([np.zeros((2, 3))], rng=rng) is None
    assert reversal_intervals([np.ones((3, 3))], rng=rng).observed == (0.0, 0.0)


def test_quantiles_are_those_of_numpy_to_the_last_bit():
    rng = np.random.default_rng(3)
    for n in (2, 3, 40, 41, 1999, 2000):
        for values in (rng.random(n) ** 3, rng.integers(0, 4, n) / 3, np.zeros(n)):
            for levels in ((0.025, 0.975), (0.975,), (0.0, 1.0), (0.5,)):
                assert _quantiles(values, levels) == np.quantile(values, levels).tolist()
