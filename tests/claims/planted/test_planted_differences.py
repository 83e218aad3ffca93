"""Planted differences of pairs, C7, C8, C19, C22 and C24, and their slope over the sizes of models, C21."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .set_worlds import LEAST, MOST, NPO_GRAD_DIFF, RIGHT, SETS, STUDIES, judged

WEIGHTED = {"first": {"curriculum": "weighted"}, "second": {"curriculum": "uniform"}}
SIZES = {"statistic": {"name": "paired-difference", **NPO_GRAD_DIFF}, "over": "parameters"}


def paired(planted, effect, seed, *, shuffled=False):
    """Yield studies of two methods under two curricula; the first gains `effect` on sets that differ by much more."""
    rng = np.random.default_rng(seed)
    rows = [(m, c) for m in ("npo", "grad-diff") for c in ("weighted", "uniform")]
    study = planted.Study(rows, SETS, 2)
    for _ in range(STUDIES):
        y = rng.normal(0, 0.1, (1, SETS, 1)) + rng.normal(0, 0.01, (4, SETS, 1)) + rng.normal(0, 0.01, (4, SETS, 2))
        y[::2] += effect
        if shuffled:  # which of the two is which is dealt out set by set
            turned = rng.integers(2, size=SETS).astype(bool)
            y[:, turned] = y[[1, 0, 3, 2]][:, turned]
        yield study.told(y)


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "verdict"), [(0.0152, "supported"), (-0.005, "contradicted")])
def test_c7_paired_difference(planted, effect, verdict):
    """The standard error is 0.00274 (√2 · √(0.01² + 0.01² / 2) / √2 / √20): the border is 3.7 of them away."""
    found = judged(planted, "paired-difference", WEIGHTED, paired(planted, effect, 12), above=0.005)
    assert found[verdict] >= RIGHT


@pytest.mark.slow
def test_c7_at_the_border(planted):
    found = judged(planted, "paired-difference", WEIGHTED, paired(planted, 0.005, 13), above=0.005)
    assert LEAST <= 1 - found["undecided"] <= MOST


@pytest.mark.slow
def test_c7_shuffled(planted):
    found = judged(planted, "paired-difference", WEIGHTED, paired(planted, 0.02, 14, shuffled=True), above=0.0)
    assert found["supported"] <= MOST


@pytest.mark.slow
def test_c22_equivalence(planted):
    inside = judged(planted, "paired-difference", WEIGHTED, paired(planted, 0.0, 15), within=(-0.011, 0.011))
    assert inside["supported"] >= RIGHT
    outside = judged(planted, "paired-difference", WEIGHTED, paired(planted, 0.022, 16), within=(-0.011, 0.011))
    assert outside["contradicted"] >= RIGHT
    border = judged(planted, "paired-difference", WEIGHTED, paired(planted, 0.011, 17), within=(-0.011, 0.011))
    assert LEAST <= 1 - border["undecided"] <= MOST


def sized(planted, slope, seed):
    """Yield models of three sizes whose paired difference grows by `slope` with each e-fold of parameters."""
    from fairforget.claims.values import Evidence, Part

    rng, sizes = np.random.default_rng(seed), (1e5, 4e5, 1.6e6)
    studies = [planted.Study([("npo", "uniform"), ("grad-diff", "uniform")], 10, 1) for _ in sizes]
    for _ in range(STUDIES):
        for study, size in zip(studies, sizes, strict=True):
            y = rng.normal(0, 0.05, (2, 10, 1))
            y[0] += slope * math.log(size)
            study.told(y)
        yield Evidence(
            "small",
            {
                str(size): Part(study.evidence.only.records, facts={"parameters": size})
                for study, size in zip(studies, sizes, strict=True)
            },
        )


@pytest.mark.slow
def test_c21_slope_over_parts(planted):
    """The standard error is 0.0114: 0.05 · √2 / √10 over √2 · log 4, less than a quarter of the effect."""
    assert judged(planted, "slope-over-parts", SIZES, sized(planted, 0.05, 29), above=0.0)["supported"] >= RIGHT
    assert judged(planted, "slope-over-parts", SIZES, sized(planted, -0.05, 30), above=0.0)["contradicted"] >= RIGHT
    found = judged(planted, "slope-over-parts", SIZES, sized(planted, 0.0, 31), above=0.0)
    assert 1 - found["undecided"] <= MOST
