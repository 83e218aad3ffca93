"""Slopes of an effect over the parts of a claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairforget.claims.values import Evidence, Part
from fairforget.stats.linear import slope_weights, weighted_sum


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


def test_a_slope_over_parts(planted, told):
    rng = np.random.default_rng(16)
    parts = {}
    for name, size in (("s", 1e5), ("m", 4e5), ("l", 1e6)):
        y = rng.normal(0, 0.1, (2, 8, 2))
        y[0] += math.log(size)
        study = planted.Study([("npo", "u"), ("grad-diff", "u")], 8, 2).told(y)
        parts[name] = Part(study.only.records, facts={"parameters": size})
    inner = {"name": "paired-difference", **planted.BY_METHOD}
    found = told("slope-over-parts", Evidence("all", parts), statistic=inner, over="parameters")
    each = [
        told("paired-difference", Evidence("one", {"": part}), **planted.BY_METHOD).value for part in parts.values()
    ]
    assert found.value == pytest.approx(np.polyfit(np.log([1e5, 4e5, 1e6]), each, 1)[0])
    assert found.low < 1 < found.high
    assert found.n == 24
    two = Evidence("two", {name: parts[name] for name in ("s", "m")})
    assert "3 are needed" in told("slope-over-parts", two, statistic=inner, over="parameters").problem
    assert "forget_size" in told("slope-over-parts", two, statistic=inner, over="forget_size").problem
