"""How often a forget set turns the order of two rows, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats


def test_a_reversal_by_hand(planted, told):
    rng = np.random.default_rng(10)
    y = np.stack([rng.normal(0.5, 1, (12, 1)) + rng.normal(0, 0.3, (12, 4)), rng.normal(0, 0.3, (12, 4))])
    study = planted.Study([("npo", "u"), ("grad-diff", "u")], 12, 4).told(y)
    found = told("reversal", study, **planted.BY_METHOD)
    d = y[0] - y[1]
    tau = math.sqrt(d.mean(axis=1).var(ddof=1) - d.var(axis=1, ddof=1).mean() / 4)
    assert found.value == pytest.approx(stats.norm.cdf(-abs(d.mean()) / tau))
    against = int((np.sign(d.mean(axis=1)) != np.sign(d.mean())).sum())
    exact = stats.binomtest(against, 12).proportion_ci(method="exact")
    assert found.figure["seen"] == [against, 12, 0, pytest.approx(exact.low), pytest.approx(exact.high)]
    seen = told("reversal", study, **planted.BY_METHOD, which="observed")
    assert seen.value == pytest.approx(stats.norm.cdf(-abs(d.mean()) / d.mean(axis=1).std(ddof=1)))
    null = told("reversal", study, first={"method": "npo"})
    noise = y[0, :, :2].var(axis=1, ddof=1).mean() / 2 + y[0, :, 2:].var(axis=1, ddof=1).mean() / 2
    assert null.figure["noise"] == pytest.approx(math.sqrt(noise))
    assert null.figure["delta"] == pytest.approx((y[0, :, :2].mean(axis=1) - y[0, :, 2:].mean(axis=1)).mean())
    two = planted.Study([("npo", "u"), ("grad-diff", "u")], 12, 2).told(y[:, :, :2])
    assert "three are needed" in told("reversal", two, first={"method": "npo"}).problem
    assert told("reversal", two, **planted.BY_METHOD).known


def test_an_odd_number_of_seeds_is_halved_with_its_noise(planted, told):
    """Three seeds: a mean of two less one; its noise is that of the two alone."""
    y = np.random.default_rng(11).normal(size=(1, 4000, 3))
    found = told("reversal", planted.Study([("npo", "u")], 4000, 3).told(y), first={"method": "npo"})
    # Standard normal seeds: the difference has the variance 1/2 + 1, and nothing of it is of the sets.
    assert found.figure["noise"] == pytest.approx(math.sqrt(1.5), rel=0.05)
    assert found.figure["tau"] < 0.3
