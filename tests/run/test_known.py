from __future__ import annotations

import pytest

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget.run.known import known_of

SAMPLES = [Sample(name, "?", "x") for name in "abcd"]
FACTS = {"memorization_accuracy": [1.0, 0.5, None, 1]}


def test_what_the_target_answers_to_the_last_token_is_known():
    found = known_of(SAMPLES, FACTS, "leave out")
    assert found.left_out == {"b", "c"}
    assert found.lines == (
        "the target answers 2 of the 4 samples of the pool before unlearning; the others are in no draw",
    )


def test_kept_ones_are_counted():
    found = known_of(SAMPLES, FACTS, "keep")
    assert not found.left_out
    assert "answers 2 of the 4" in found.lines[0]


def test_nobody_looks_where_the_task_does_not_ask():
    assert known_of(SAMPLES, {}, None) == known_of([], {}, None)


def test_a_target_that_knows_nothing_has_nothing_to_forget():
    facts = {"memorization_accuracy": [0.9, 0.0, None, 0.5]}
    with pytest.raises(FairforgetError, match=r"answers 0 of the 4.*another model.*unknown: keep"):
        known_of(SAMPLES, facts, "leave out")
    assert not known_of(SAMPLES, facts, "keep").left_out
