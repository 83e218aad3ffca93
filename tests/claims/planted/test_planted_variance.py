"""Planted shares of forget sets in the variance of a row: C1, above 0.3."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairforget.claims.expectation import Expectation
from fairforget.claims.open import statistic
from fairforget.study.spec import parse_spec

from .set_worlds import LEAST, MOST, RIGHT, SETS, STUDIES, judged


def rows_of(planted, share, seed, *, sets=SETS, shuffled=False, rows=1):
    """Yield studies of rows whose variance is 1, so much of it of the sets."""
    rng = np.random.default_rng(seed)
    study = planted.Study([(f"m{i}", "uniform") for i in range(rows)], sets, 3)
    for _ in range(STUDIES):
        common = math.sqrt(share / 2) * rng.normal(size=(1, sets, 1))
        own = math.sqrt(share / 2) * rng.normal(size=(rows, sets, 1))
        y = common + own + math.sqrt(1 - share) * rng.normal(size=(rows, sets, 3))
        yield study.told(rng.permuted(y.reshape(rows, -1), axis=1).reshape(y.shape) if shuffled else y)


@pytest.mark.slow
@pytest.mark.parametrize(("share", "sets", "verdict"), [(0.75, 20, "supported"), (0.0, 70, "contradicted")])
def test_c1_variance_share(planted, share, sets, verdict):
    """Of sets that make no difference 20 say so too rarely."""
    assert judged(planted, "variance-share", {}, rows_of(planted, share, 1, sets=sets), above=0.3)[verdict] >= RIGHT


@pytest.mark.slow
def test_c1_at_the_border(planted):
    found = judged(planted, "variance-share", {}, rows_of(planted, 0.3, 2), above=0.3)
    assert LEAST <= 1 - found["undecided"] <= MOST


@pytest.mark.slow
def test_c1_several_rows_err_less_at_the_border(planted):
    """The ends are averaged as if rows erred together, which they do only as far as they share what sets do."""
    found = judged(planted, "variance-share", {}, rows_of(planted, 0.3, 3, rows=3), above=0.3)
    assert 1 - found["undecided"] <= MOST
    assert judged(planted, "variance-share", {}, rows_of(planted, 0.7, 3, rows=3), above=0.3)["supported"] >= RIGHT


@pytest.mark.slow
def test_c1_controls(planted):
    """Seeds dealt out among the sets, and outcomes that are all one."""
    found = judged(planted, "variance-share", {}, rows_of(planted, 0.75, 4, shuffled=True), above=0.3)
    assert found["supported"] <= MOST
    constant = planted.Study([("npo", "u")], SETS, 3).told(np.full((1, SETS, 3), 0.5))
    effect = statistic(parse_spec("variance-share")).estimate(constant, np.random.default_rng(0))
    assert Expectation(above=0.3, because="planted").verdict(effect) == "undecided"
