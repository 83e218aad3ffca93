from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.reliability import disattenuated, rank_reliability


def test_two_repeats_are_spearman_and_brown():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200)
    repeats = truth + 0.5 * rng.normal(size=(2, 200))
    r = stats.spearmanr(*repeats).statistic
    assert rank_reliability(repeats) == pytest.approx(2 * r / (1 + r))


def test_the_correction_finds_the_correlation_of_the_truths():
    """Normal truths and errors, 20,000 samples; ranks of normal numbers correlate by 6 / π asin(ρ / 2)."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=20_000)
    y = -0.6 * x + 0.8 * rng.normal(size=20_000)
    xs, ys = (v + s * rng.normal(size=(3, 20_000)) for v, s in ((x, 0.7), (y, 1.0)))
    raw = stats.spearmanr(xs.mean(0), ys.mean(0)).statistic
    true = 6 / math.pi * math.asin(-0.3)
    assert raw > true + 0.05
    assert disattenuated(raw, rank_reliability(xs), rank_reliability(ys)) == pytest.approx(true, abs=0.03)


def test_what_does_not_repeat_has_no_reliability():
    x = np.arange(10.0)
    assert rank_reliability(x[None]) is None
    assert rank_reliability(np.stack([x, -x])) is None
    assert rank_reliability(np.stack([x, np.ones(10)])) is None
    assert disattenuated(0.5, None, 0.9) is None
