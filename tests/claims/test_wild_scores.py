"""Score sets of any content: a statistic says what it can, or that it cannot, and never fails."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.claims.statistics.score_agreement import ScoreAgreement
from fairforget.claims.statistics.sensitivity_slope import SensitivitySlope
from fairforget.claims.statistics.standard_error_law import StandardErrorLaw
from fairforget.claims.statistics.theorem_ratio import TheoremRatio
from fairforget.claims.values import Evidence, Part, ScoreSet
from fairforget.store.jsonable import jsonable

NUMBERS = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 1e-308, 1e308, 5e-324]), st.floats(0.1, 10))
VALUES = st.one_of(NUMBERS, NUMBERS, NUMBERS, st.sampled_from([None, math.nan, math.inf]))
LEVELS = st.sampled_from([1, 2, 50, 1e-4, 1e-3, 0, -1, 1e308, 10**400, True, "many", None])


@st.composite
def score_sets(draw):
    size, made = draw(st.integers(0, 9)), []
    tame = draw(st.booleans())
    for seed in range(draw(st.integers(1, 4))):
        for level in draw(st.lists(LEVELS, min_size=1, max_size=3)):
            name = draw(st.sampled_from(["m", "other/m", "h"]))
            values = draw(st.lists(NUMBERS if tame else VALUES, min_size=size, max_size=size))
            groups = draw(st.sampled_from([(), tuple("aabbccdde"[:size])]))
            options = {"sigma": level, "draws": level}
            ids = tuple(f"s{i}" for i in range(size))
            made.append(ScoreSet({"name": name, "options": options}, seed, ids, tuple(values), {}, groups))
    return Part(scores=tuple(made))


@pytest.mark.parametrize(
    "statistic",
    [
        StandardErrorLaw("m"),
        StandardErrorLaw("m", "rank-correlation", shuffled=True),
        SensitivitySlope("m", beside=("h",), derived=1.0),
        TheoremRatio("m", "h"),
        ScoreAgreement("m", "h", given=("h",), quantity="partial"),
    ],
    ids=lambda one: type(one).__name__,
)
@settings(derandomize=True, deadline=None, max_examples=60)
@given(part=score_sets())
def test_a_statistic_never_fails(statistic, part):
    found = statistic.estimate(Evidence("t", {"": part}), np.random.default_rng(0))
    assert found.known or found.problem
    json.dumps(jsonable(found.figure)[0], allow_nan=False)


def test_the_wide_scores_of_a_real_table_are_not_out_of_range():
    """The largest numbers that stand beside each other: no error of arithmetic, and no verdict from it."""
    ids = tuple(f"s{i}" for i in range(8))
    rng = np.random.default_rng(0)
    rows = [tuple((10.0 ** rng.integers(-300, 300, 8)).tolist()) for _ in range(4)]
    sets = tuple(ScoreSet({"name": "m", "options": {"draws": 10}}, seed, ids, row) for seed, row in enumerate(rows))
    found = StandardErrorLaw("m").estimate(Evidence("t", {"": Part(scores=sets)}), rng)
    assert found.known or found.problem
