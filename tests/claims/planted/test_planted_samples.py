"""Verdicts of statistics over single samples on worlds in which the truth was planted.

Each world has 40 samples, two rows, noise that the rows share, and a budget that cuts some runs off. Bounds leave three
standard errors of the simulation: of 1,000 runs a rate of 5 % is seen within ± 2.1 points, of 60 within ± 8.5.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest

from fairforget.claims.expectation import Expectation
from fairforget.claims.statistics.added_r2 import AddedR2
from fairforget.claims.statistics.group_difference import GroupDifference
from fairforget.claims.statistics.log_slope import LogSlope
from fairforget.claims.statistics.mixed_slope import MixedSlope
from fairforget.claims.statistics.rank_correlation import RankCorrelation

from .sample_worlds import cells, evidence, names, scores

RESAMPLES = 300
MANY = pytest.param(1000, marks=pytest.mark.slow)


def expect(**border):
    return Expectation(because="planted", **border)


def verdicts(statistic, border, make, runs, seed=0):
    """Return how often each verdict is given."""
    rng = np.random.default_rng(seed)
    found = Counter(border.verdict(statistic.estimate(make(rng), rng)) for _ in range(runs))
    return {verdict: found[verdict] / runs for verdict in ("supported", "contradicted", "undecided")}


def at_most(runs, rate=0.05):
    return rate + 3 * math.sqrt(rate * (1 - rate) / runs)


def normal_pair(rng, n, rho, rows=2):
    """Return x (n,) and y (rows, n) whose correlation is `rho`; half of the noise of rows is common."""
    x, common = rng.normal(size=(2, n))
    noise = math.sqrt(0.5) * (common + rng.normal(size=(rows, n)))
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def of_pearson(rho_s):
    """Return Pearson's correlation of normal numbers whose Spearman's is `rho_s`."""
    return 2 * math.sin(math.pi / 6 * rho_s)


def correlated(rho_s, n=40, cut=2.0):
    """Return worlds in which mrd and updates have Spearman's correlation `rho_s`; about 2 % of runs are cut off."""

    def make(rng):
        x, y = normal_pair(rng, n, of_pearson(rho_s))
        ids = names(n)
        return evidence(cells(ids, np.exp(y[:, None] + 4), math.exp(4 + cut)), scores("mrd", ids, np.exp(x)))

    return make


def sloped(slope, n=40, noise=0.35, seed_noise=0.25):
    """Return worlds in which log updates fall by `slope` on the log of a score that two seeds measure with errors."""

    def make(rng):
        truth, common = rng.normal(size=(2, n))
        measured = truth + seed_noise * rng.normal(size=(2, n))
        y = slope * truth + noise * math.sqrt(0.5) * (common + rng.normal(size=(2, n)))
        ids = names(n)
        return evidence(cells(ids, np.exp(y[:, None] + 3), math.exp(3 + 0.9)), scores("mrd", ids, np.exp(measured)))

    return make


def added(beta, n=40, beside=4):
    """Return worlds in which mrd, which goes with four other scores, adds `beta` of its own."""
    others = ("length", "loss", "grad-norm", "frequency")[:beside]

    def make(rng):
        z = rng.normal(size=(beside, n))
        own, noise = rng.normal(size=(2, n))
        x = 0.4 * z.sum(0) + own
        y = 0.4 * z.sum(0) - beta * own + math.sqrt(0.5) * (noise + rng.normal(size=(2, n)))
        ids = names(n)
        sets = [scores(name, ids, column) for name, column in zip(others, z, strict=True)]
        return evidence(cells(ids, np.exp(y[:, None] + 4), math.exp(4 + 2.5)), scores("mrd", ids, np.exp(x)), *sets)

    return make


def apart(g, n=80):
    """Return worlds in which rare words add `g` standard deviations to mrd, and length adds to both."""

    def make(rng):
        length = rng.integers(4, 60, n).astype(float)
        rare = rng.binomial(1, np.clip((length - 4) / 56, 0.15, 0.85)) * 4.0
        mrd = 0.02 * length + g * (rare > 3) + rng.normal(size=n)
        ids = names(n)
        return evidence((), scores("rare-words", ids, rare), scores("mrd", ids, mrd), scores("length", ids, length))

    return make


def mixed(slope, groups=20, size=2):
    """Return worlds of groups with intercepts of their own, memorization beside difficulty, no budget in the way."""

    def make(rng):
        n = groups * size
        author = np.repeat(np.arange(groups), size)
        hard = rng.normal(size=n)
        memory = 0.5 * hard + 0.5 * rng.normal(size=groups)[author] + rng.normal(size=n)
        spread = math.sqrt(0.25 + 0.25 + 1)  # of memorization
        y = slope / spread * memory - 0.3 * hard + 0.7 * rng.normal(size=groups)[author]
        y = y + 0.7 * rng.normal(size=(2, 1, n))
        ids, of = names(n), [f"author-{a}" for a in author]
        sets = scores("memorization", ids, memory, of), scores("loss", ids, hard, of)
        return evidence(cells(ids, np.exp(y + 4)), *sets)

    return make


RHO = RankCorrelation(score="mrd", resamples=RESAMPLES)
SLOPE = LogSlope(score="mrd", resamples=RESAMPLES)
ADDED = AddedR2(score="mrd", resamples=RESAMPLES)
APART = GroupDifference(attribute=("rare-words",), outcome="mrd", split="above", threshold=3, resamples=RESAMPLES)
MIXED = MixedSlope(score="memorization", beside=("loss",), resamples=RESAMPLES)

C3, C4, C5 = expect(below=-0.5), expect(within=(-1.35, -0.65)), expect(above=0.0)
C14, C18 = expect(above=0.0), expect(above=0.0)

CLEAR = [
    pytest.param(RHO, C3, correlated(-0.85), "supported", id="C3-strong"),
    pytest.param(RHO, C3, correlated(0.1), "contradicted", id="C3-none"),
    pytest.param(SLOPE, C4, sloped(-1.0), "supported", id="C4-minus-one"),
    pytest.param(SLOPE, C4, sloped(0.0), "contradicted", id="C4-none"),
    pytest.param(ADDED, C5, added(1.1), "supported", id="C5-adds"),
    pytest.param(ADDED, C5, added(-1.1), "contradicted", id="C5-the-other-way"),
    pytest.param(APART, C14, apart(1.6), "supported", id="C14-apart"),
    pytest.param(APART, C14, apart(-1.6), "contradicted", id="C14-the-other-way"),
    pytest.param(MIXED, C18, mixed(0.75), "supported", id="C18-slower"),
    pytest.param(MIXED, C18, mixed(-0.75), "contradicted", id="C18-faster"),
]
BORDER = [
    pytest.param(RHO, C3, correlated(-0.5), id="C3"),
    pytest.param(SLOPE, C4, sloped(-0.65), id="C4"),
    pytest.param(ADDED, C5, added(0.0), id="C5"),
    pytest.param(APART, C14, apart(0.0), id="C14"),
    pytest.param(MIXED, C18, mixed(0.0), id="C18"),
]
STRONG = [
    pytest.param(RHO, C3, correlated(-0.85), id="C3"),
    pytest.param(SLOPE, C4, sloped(-1.0), id="C4"),
    pytest.param(ADDED, C5, added(1.1), id="C5"),
    pytest.param(APART, C14, apart(1.6), id="C14"),
    pytest.param(MIXED, C18, mixed(0.75), id="C18"),
]


@pytest.mark.parametrize("runs", [12, MANY])
@pytest.mark.parametrize(("statistic", "border", "make", "right"), CLEAR)
def test_a_clear_truth_gets_its_verdict(statistic, border, make, right, runs):
    assert verdicts(statistic, border, make, runs)[right] >= (0.95 if runs == 1000 else 0.75)


# Of 1,000 runs at the border (supported, contradicted): C3 .032 .028, C4 .026 .031, C5 .024 .040, C14 .021 .015, C18
# .023 .021; so the intervals cover .940, .943, .936, .964 and .956.
@pytest.mark.slow
@pytest.mark.parametrize("runs", [60, MANY])
@pytest.mark.parametrize(("statistic", "border", "make"), BORDER)
def test_at_the_border_a_verdict_is_as_rare_as_the_level_says(statistic, border, make, runs):
    found = verdicts(statistic, border, make, runs, seed=1)
    assert 1 - found["undecided"] <= at_most(runs)
    if runs == 1000:
        assert 1 - found["undecided"] >= 0.01  # an interval that is never wrong says too little


@pytest.mark.parametrize("runs", [12, MANY])
@pytest.mark.parametrize(("statistic", "border", "make"), STRONG)
def test_a_shuffled_score_is_not_supported_whatever_it_was(statistic, border, make, runs):
    found = verdicts(dataclasses.replace(statistic, shuffled=True), border, make, runs, seed=2)
    assert found["supported"] <= at_most(runs, 0.025)


@pytest.mark.parametrize(("statistic", "border", "make"), STRONG)
def test_a_constant_score_is_never_decided(statistic, border, make):
    assert verdicts(dataclasses.replace(statistic, constant=True), border, make, 3, seed=3)["undecided"] == 1
