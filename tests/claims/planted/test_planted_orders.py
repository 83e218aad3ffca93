"""Planted orders: C2, two rows that forget sets turn, above 5 %; C6, rows that agree on what is hard, above 0.5."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .set_worlds import MOST, NPO_GRAD_DIFF, RIGHT, SETS, STUDIES, judged


def turned(planted, pi, seed, *, tau=1.0, noise=0.5, seeds=3):
    """Yield studies of two rows whose order a forget set turns with probability `pi`."""
    from scipy.special import ndtri

    rng, delta = np.random.default_rng(seed), -tau * float(ndtri(pi)) if tau else 0.0
    study = planted.Study([("npo", "uniform"), ("grad-diff", "uniform")], SETS, seeds)
    for _ in range(STUDIES):
        y = rng.normal(size=(1, SETS, 1)) + noise / math.sqrt(2) * rng.normal(size=(2, SETS, seeds))
        y[0] += delta + tau * rng.normal(size=(SETS, 1))
        yield study.told(y)


@pytest.mark.slow
def test_c2_reversal(planted):
    assert judged(planted, "reversal", NPO_GRAD_DIFF, turned(planted, 0.35, 5), above=0.05)["supported"] >= RIGHT
    rare = judged(planted, "reversal", NPO_GRAD_DIFF, turned(planted, 1e-5, 6), above=0.05)
    assert rare["contradicted"] >= RIGHT


@pytest.mark.slow
def test_c2_at_the_border(planted):
    found = judged(planted, "reversal", NPO_GRAD_DIFF, turned(planted, 0.05, 7), above=0.05)
    assert 1 - found["undecided"] <= MOST


@pytest.mark.slow
def test_c2_the_null_control_is_not_supported(planted):
    """A row against itself reverses on nearly half of the sets, all of it by noise."""
    null = judged(planted, "reversal", {"first": {"method": "npo"}}, turned(planted, 0.35, 8, seeds=4), above=0.05)
    assert null["supported"] <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"first": {"method": "npo"}}, NPO_GRAD_DIFF], ids=["control", "one method twice"])
def test_c2_four_targets_of_which_none_differs_support_nothing(planted, options):
    """Each alone is estimated at 0 or near one half, as noise has it; a mean over such numbers lies far from both."""
    null = judged(planted, "reversal", options, turned(planted, 0.5, 25, tau=0.0), targets=4, above=0.05)
    assert null["supported"] <= MOST


def agreeing(planted, spearman, seed, *, sets=SETS, shuffled=False):
    """Yield studies of four rows whose outcomes correlate so, as ranks."""
    r = 2 * math.sin(math.pi * spearman / 6)
    rng = np.random.default_rng(seed)
    study = planted.Study([(f"m{i}", "uniform") for i in range(4)], sets, 1)
    for _ in range(STUDIES):
        y = math.sqrt(r) * rng.normal(size=(1, sets, 1)) + math.sqrt(1 - r) * rng.normal(size=(4, sets, 1))
        yield study.told(rng.permuted(y, axis=1) if shuffled else y)


@pytest.fixture
def few_permutations(monkeypatch):
    """The verdict is that of the interval; the p of the figure has a test of its own."""
    monkeypatch.setattr("fairforget.claims.statistics.concordance.PERMUTATIONS", 9)


@pytest.mark.slow
@pytest.mark.usefixtures("few_permutations")
@pytest.mark.parametrize(("rho", "verdict"), [(0.8, "supported"), (0.1, "contradicted")])
def test_c6_concordance(planted, rho, verdict):
    assert judged(planted, "concordance", {}, agreeing(planted, rho, 9, sets=40), above=0.5)[verdict] >= RIGHT


@pytest.mark.slow
@pytest.mark.usefixtures("few_permutations")
def test_c6_at_the_border(planted):
    found = judged(planted, "concordance", {}, agreeing(planted, 0.5, 10), above=0.5)
    assert 1 - found["undecided"] <= MOST


@pytest.mark.slow
@pytest.mark.usefixtures("few_permutations")
def test_c6_shuffled_outcomes_do_not_agree(planted):
    """Against a border of 0, where chance alone could support it."""
    assert judged(planted, "concordance", {}, agreeing(planted, 0.9, 11, shuffled=True), above=0.0)["supported"] <= MOST
