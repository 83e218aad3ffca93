from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from fairforget_samplers.difficulty.reliability import finite_mean, split_half, standard_error


def simulated(rng: np.random.Generator, draws: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.gamma(4.0, size=200)
    return truth + noise * rng.standard_normal((draws, 200)), truth


@pytest.mark.parametrize("noise", [2.0, 6.0, 15.0])
def test_it_predicts_the_correlation_of_two_whole_scores(noise):
    rng = np.random.default_rng(0)
    predicted, seen = [], []
    for _ in range(10):
        first, truth = simulated(rng, 40, noise)
        second = truth + noise * rng.standard_normal((40, 200))
        predicted.append(split_half(first, rng))
        seen.append(spearmanr(np.abs(first.mean(0)), np.abs(second.mean(0))).statistic)
    assert np.mean(predicted) == pytest.approx(np.mean(seen), abs=0.05)


def test_noise_has_none():
    rng = np.random.default_rng(1)
    assert np.mean([split_half(rng.standard_normal((40, 200)), rng) for _ in range(10)]) < 0.15


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (8, 2), (8, 0)])
def test_too_little_to_tell(shape):
    assert split_half(np.random.default_rng(0).standard_normal(shape), np.random.default_rng(0)) is None


def test_equal_scores_have_no_ranking():
    assert split_half(np.ones((10, 20)), np.random.default_rng(0)) is None


def test_draws_that_failed_are_left_out():
    draws = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [8.0, np.inf, np.nan]])
    np.testing.assert_array_equal(finite_mean(draws), [4.0, 5.0, np.nan])
    np.testing.assert_allclose(standard_error(draws), [np.std([1, 3, 8], ddof=1) / np.sqrt(3), np.nan, np.nan])
    rng = np.random.default_rng(2)
    many, _ = simulated(rng, 40, 2.0)
    many[rng.random(many.shape) < 0.05] = np.nan
    many[:, 7] = np.nan
    assert split_half(many, rng) > 0.9
