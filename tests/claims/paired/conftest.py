"""What the tests of statistics over forget sets share."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fairforget.claims.open import statistic
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.values import Effect
from fairforget.study.spec import parse_spec


def open_statistic(name, **options) -> Statistic:
    return statistic(parse_spec({"name": name, **options}))


def tell(name, evidence, **options) -> Effect:
    effect = open_statistic(name, **options).estimate(evidence, np.random.default_rng(0))
    if effect.known:
        assert effect.low <= effect.value <= effect.high
        json.dumps(effect.figure, allow_nan=False)
    else:
        assert effect.problem
    return effect


@pytest.fixture
def made():
    """Open a statistic by its name and options."""
    return open_statistic


@pytest.fixture
def told():
    """Return what a statistic says of evidence, which is an effect in order or a problem."""
    return tell
