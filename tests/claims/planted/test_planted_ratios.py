"""Planted ratios of what uniform drawing spends over what weighted drawing spends: C9, above 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairforget.claims.expectation import Expectation
from fairforget.claims.open import statistic
from fairforget.study.spec import parse_spec

from .set_worlds import MOST, NPO_GRAD_DIFF, RIGHT, SETS, STUDIES, judged

ORDERED = {"first": {"curriculum": "uniform"}, "second": {"curriculum": "weighted"}}


class Timed:
    """Runs of two curricula that end when the set is forgotten, or at a cap of 110 updates."""

    cap = 110

    def __init__(self, planted):
        self.records = [
            [planted.record(curriculum=c, index=i, budget=planted.STOP, ledger={}) for i in range(SETS)]
            for c in ("uniform", "weighted")
        ]
        self.evidence = planted.evidence([one for row in self.records for one in row])

    def told(self, times):
        for row, of in zip(self.records, times, strict=True):
            for one, time in zip(row, of.tolist(), strict=True):
                one.ledger["updates"] = min(time, self.cap)
                one.ledger["stopped"] = "rule" if time <= self.cap else "budget"
        return self.evidence


def spent(planted, log_ratio, seed):
    """Yield studies of which the cap ends one run in two hundred."""
    rng, study = np.random.default_rng(seed), Timed(planted)
    for _ in range(STUDIES):
        logs = math.log(25) + rng.normal(0, 0.5, (1, SETS)) + rng.normal(0, 0.15, (2, SETS))
        logs[0] += log_ratio
        yield study.told(np.exp(logs))


@pytest.mark.slow
def test_c9_ratio(planted):
    assert judged(planted, "ratio", ORDERED, spent(planted, 0.25, 18), above=0.0)["supported"] >= RIGHT
    assert judged(planted, "ratio", ORDERED, spent(planted, -0.25, 19), above=0.0)["contradicted"] >= RIGHT


@pytest.mark.slow
def test_c9_at_the_border_censored_runs_make_no_verdict(planted):
    found = judged(planted, "ratio", ORDERED, spent(planted, 0.0, 20), above=0.0)
    assert 1 - found["undecided"] <= MOST


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("variance-share", {}),
        ("reversal", NPO_GRAD_DIFF),
        ("concordance", {}),
        ("paired-difference", NPO_GRAD_DIFF),
        ("ratio", ORDERED),
    ],
)
def test_outcomes_that_are_all_one_support_nothing(planted, name, options):
    if name == "ratio":
        evidence = Timed(planted).told(np.full((2, SETS), 20.0))
    else:
        evidence = planted.Study([("npo", "u"), ("grad-diff", "u")], SETS, 3).told(np.full((2, SETS, 3), 0.5))
    effect = statistic(parse_spec({"name": name, **options})).estimate(evidence, np.random.default_rng(0))
    assert Expectation(above=0.0, because="planted").verdict(effect) == "undecided"
