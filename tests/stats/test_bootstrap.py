from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairforget.stats.bootstrap import bootstrap
from fairforget.stats.cube import PairedCube
from fairforget.stats.resampling import resample
from fairforget.stats.strata import moments

NAN = np.nan


def study(methods, draws, seeds, seed=0, gap=0.0):
    rng = np.random.default_rng(seed)
    effect = -gap * np.arange(methods)[:, None, None]
    draw = rng.normal(0, 0.2, (1, draws, 1)) + rng.normal(0, 0.1, (methods, draws, 1))
    return effect + draw + rng.normal(0, 0.05, (methods, draws, seeds))


def every_resample(values):
    """Return the means of all resamples of draws and then seeds, each with its probability; NaN = not asked for."""
    draws = range(values.shape[1])
    seeds = [np.flatnonzero(~np.isnan(row)) for row in values[0]]
    for picked in product(draws, repeat=len(draws)):
        inner = [list(product(seeds[d], repeat=len(seeds[d]))) for d in picked]
        probability = len(draws) ** -len(draws) / np.prod([float(len(i)) for i in inner])
        for chosen in product(*inner):
            yield np.mean([values[:, d, list(s)].mean(1) for d, s in zip(picked, chosen, strict=True)], 0), probability


@pytest.mark.parametrize("missing", [[], [(1, 1)], [(0, 0), (2, 1)]])
def test_the_plain_bootstrap_is_that_of_all_resamples(missing):
    values = study(3, 3, 2, seed=3)
    for draw, seed in missing:
        values[:, draw, seed] = NAN
    means, p = (np.array(x) for x in zip(*every_resample(values), strict=True))
    assert p.sum() == pytest.approx(1)
    found = bootstrap(PairedCube(values), np.random.default_rng(1), 40_000, widen=False)
    covariance = (p[:, None] * (means - found.means)).T @ (means - found.means)
    assert found.means == pytest.approx(p @ means)
    assert np.cov(found.resampled.T) == pytest.approx(covariance, rel=0.05)
    first = p @ (means == means.max(1, keepdims=True))
    assert found.first == pytest.approx(first, abs=0.01)
    assert (found.ranks() == 1).mean(0) == pytest.approx(first, abs=0.01)
    assert found.ranks().mean(0) == pytest.approx(p @ (1 + (means[:, None, :] > means[:, :, None]).sum(2)), abs=0.02)


def every_item_resample(items, groups):
    """Return (mean, probability) of all resamples of the seeds and, shared by them, of groups and items of one draw."""
    seeds = items.shape[1]
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    for picked in product(range(len(members)), repeat=len(members)):
        inner = [list(product(members[g], repeat=len(members[g]))) for g in picked]
        probability = len(members) ** -len(members) / np.prod([float(len(i)) for i in inner])
        for chosen in product(*inner):
            of_items = items[:, :, np.concatenate(chosen)].mean(2)
            for s in product(range(seeds), repeat=seeds):
                yield of_items[:, list(s)].mean(1), probability / seeds**seeds


@pytest.mark.parametrize("groups", [[0, 0, 1], [4, 4, 4], [2, 1, 0], None])
def test_items_are_resampled_by_group_and_alike_under_every_seed(groups):
    rng = np.random.default_rng(2)
    items = rng.normal(size=(2, 1, 2, 4))
    items[..., 1] = NAN  # an item that this draw does not have
    cube = PairedCube(
        np.nanmean(items, -1), None, items, None if groups is None else np.array([[groups[0], 9, *groups[1:]]])
    )
    numbers = np.array([2, 1, 0] if groups is None else groups)
    means, p = (np.array(x) for x in zip(*every_item_resample(items[:, 0][..., [0, 2, 3]], numbers), strict=True))
    found = resample(cube, np.array([0]), np.random.default_rng(3), 40_000)
    assert p.sum() == pytest.approx(1)
    assert found.mean(0) == pytest.approx(p @ means, abs=0.02)
    assert np.cov(found.T) == pytest.approx(np.cov(means.T, aweights=p, ddof=0), rel=0.06, abs=0.01)
    assert {tuple(row) for row in found.round(9)} == {tuple(row) for row in means.round(9)}


def test_without_noise_of_seeds_and_items_only_the_draws_vary():
    values = np.repeat(study(4, 5, 1), 3, axis=2)
    items = np.repeat(values[..., None], 6, axis=3)
    plain = bootstrap(PairedCube(values), np.random.default_rng(0), 20_000, widen=False)
    nested = bootstrap(PairedCube(values, None, items), np.random.default_rng(0), 20_000, widen=False)
    expected = values[:, :, 0].var(axis=1) / 5
    assert plain.resampled.var(axis=0) == pytest.approx(expected, rel=0.05)
    assert nested.resampled.var(axis=0) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("draws", [3, 5, 20])
def test_of_two_methods_the_first_is_as_likely_as_the_paired_t_test_says(draws):
    for seed in range(5):
        values = study(2, draws, 1, seed, gap=0.05)
        p = scipy.stats.ttest_rel(values[0, :, 0], values[1, :, 0], alternative="greater").pvalue
        found = bootstrap(PairedCube(values), np.random.default_rng(1), 20_000)
        assert found.first[0] == pytest.approx(1 - p, abs=0.04)


@pytest.mark.parametrize("draws", [3, 6, 20])
def test_two_methods_are_told_apart_as_by_the_paired_t_test(draws):
    told = agreed = 0
    for seed in range(60):
        values = study(2, draws, 1, seed, gap=0.1)
        p = scipy.stats.ttest_rel(values[0, :, 0], values[1, :, 0]).pvalue
        found = bootstrap(PairedCube(values), np.random.default_rng(1), 4000)
        apart = found.low[0] == found.high[0]
        told += apart
        agreed += apart == (p <= 0.05)
    assert agreed >= 57
    assert 0 < told < 60


def test_strata_are_resampled_apart_and_weighed():
    values = study(3, 9, 2)
    strata = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    cube = PairedCube(values, strata)
    found = bootstrap(cube, np.random.default_rng(0), 20_000, [3, 1, 0], widen=False)
    by_draw = values.mean(2)
    assert found.means == pytest.approx(0.75 * by_draw[:, :3].mean(1) + 0.25 * by_draw[:, 3:7].mean(1))
    parts = [PairedCube(values[:, strata == h]) for h in (0, 1)]
    variance = [
        bootstrap(p, np.random.default_rng(h), 20_000, widen=False).resampled.var(0) for h, p in enumerate(parts)
    ]
    assert found.resampled.var(0) == pytest.approx(0.75**2 * variance[0] + 0.25**2 * variance[1], rel=0.05)
    assert bootstrap(cube, np.random.default_rng(0), 100) is None  # two draws in the third


@pytest.mark.parametrize("sizes", [(3, 3), (3, 8), (6, 6, 6)])
def test_over_strata_two_methods_are_told_apart_as_by_welchs_test(sizes):
    stratum, weights = np.repeat(np.arange(len(sizes)), sizes), [2, 1, 1][: len(sizes)]
    agreed = told = 0
    for seed in range(60):
        values = study(2, sum(sizes), 1, seed, gap=0.1)
        apart = values[0, :, 0] - values[1, :, 0]
        test = moments([apart[stratum == h] for h in range(len(sizes))], weights)
        p = 2 * scipy.stats.t.sf(abs(test.mean) / test.se, int(test.df))  # the bootstrap rounds down
        found = bootstrap(PairedCube(values, stratum), np.random.default_rng(1), 4000, weights)
        told += found.low[0] == found.high[0]
        agreed += (found.low[0] == found.high[0]) == (p <= 0.05)
    assert agreed >= 57
    assert 0 < told < 60


def test_overlap_widens():
    cube = PairedCube(study(3, 5, 2))
    free = bootstrap(cube, np.random.default_rng(0), 500)
    shared = bootstrap(cube, np.random.default_rng(0), 500, overlap=[0.5])
    assert shared.resampled - shared.means == pytest.approx((free.resampled - free.means) * 6**0.5)
    with pytest.raises(ValueError, match="one set"):
        bootstrap(cube, np.random.default_rng(0), 500, overlap=[1.0])


def test_few_draws_widen_more_than_many():
    def ratio(draws):
        cube = PairedCube(study(2, draws, 2))
        kinds = [bootstrap(cube, np.random.default_rng(0), 4000, widen=w).resampled[:, 0] for w in (True, False)]
        return np.subtract(*np.quantile(kinds[0], [0.975, 0.025])) / np.subtract(*np.quantile(kinds[1], [0.975, 0.025]))

    assert ratio(3) > 2
    assert 1 < ratio(30) < 1.1


def test_the_same_generator_gives_the_same_and_the_order_of_methods_nothing():
    values = study(6, 7, 3, gap=0.05)
    first, again = (bootstrap(PairedCube(values), np.random.default_rng(4), 2000) for _ in range(2))
    assert (first.resampled == again.resampled).all()
    assert (first.low.tolist(), first.high.tolist()) == (again.low.tolist(), again.high.tolist())
    order = np.array([3, 0, 5, 1, 4, 2])
    shuffled = bootstrap(PairedCube(values[order]), np.random.default_rng(4), 2000)
    assert shuffled.first == pytest.approx(first.first[order], abs=1e-12)


def test_a_clear_order_is_certain_and_a_tie_is_shared():
    values = study(1, 6, 2) + np.zeros((4, 1, 1)) - np.array([0, 0, 0.5, 1])[:, None, None]
    found = bootstrap(PairedCube(values), np.random.default_rng(0), 1000)
    assert found.first == pytest.approx([0.5, 0.5, 0, 0])
    assert (found.ranks()[:, :2] == 1).all()
    # Differences without any noise: 2 · 0.5⁶ · 3 is above 5 %, 2 · 0.5¹² · 3 is not.
    assert (found.low.tolist(), found.high.tolist()) == ([1] * 4, [4] * 4)
    twice = bootstrap(PairedCube(np.concatenate([values, values], axis=1)), np.random.default_rng(0), 1000)
    assert (twice.low.tolist(), twice.high.tolist()) == ([1, 1, 3, 4], [2, 2, 3, 4])
    noisy = values + np.random.default_rng(1).normal(0, 0.01, values.shape)
    found = bootstrap(PairedCube(noisy), np.random.default_rng(0), 1000)
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 3, 4], [2, 2, 3, 4])


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    arrays(float, st.tuples(st.integers(1, 5), st.integers(3, 5), st.integers(1, 3)), elements=st.floats(-1, 1)),
    st.sampled_from([1.0, 1e-170]),
)
def test_an_interval_holds_the_rank_that_was_seen(values, size):
    found = bootstrap(PairedCube(values * size), np.random.default_rng(0), 200)
    apart = (found.means[:, None] - found.means) / size
    ahead = (apart > 1e-9).sum(0), (apart < -1e-9).sum(0)
    assert (found.low <= 1 + ahead[0]).all()
    assert (found.high >= len(values) - ahead[1]).all()
    assert (found.low >= 1).all()
    assert (found.high <= len(values)).all()
    assert found.first.sum() == pytest.approx(1)


def test_what_cannot_be_resampled():
    assert bootstrap(PairedCube(study(3, 2, 4)), np.random.default_rng(0)) is None
    assert bootstrap(PairedCube(np.zeros((0, 5, 2))), np.random.default_rng(0)) is None
    assert bootstrap(PairedCube(np.zeros((2, 0, 2))), np.random.default_rng(0)) is None
    values = study(3, 4, 2)
    values[1, 1, 1] = NAN
    with pytest.raises(ValueError, match="every draw, seed and item"):
        bootstrap(PairedCube(values), np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least one resample"):
        bootstrap(PairedCube(study(3, 4, 2)), np.random.default_rng(0), 0)


def test_one_method_alone_is_first():
    found = bootstrap(PairedCube(study(1, 4, 2)), np.random.default_rng(0), 100)
    assert (found.first.tolist(), found.low.tolist(), found.high.tolist()) == ([1], [1], [1])
