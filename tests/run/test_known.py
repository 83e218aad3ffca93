from __future__ import annotations

import pytest

from fairforget.api import Corpus, Sample
from fairforget.errors import FairforgetError
from fairforget.run.known import kept_line, known_of
from fairforget.study.draws import parted

SAMPLES = [Sample(name, "?", "x") for name in "abcd"]
FACTS = {"memorization_accuracy": [1.0, 0.5, None, 1]}


def test_what_the_target_answers_to_the_last_token_is_known():
    found = known_of(SAMPLES, FACTS, "leave out")
    assert found.left_out == {"b", "c"}
    assert found.lines == (
        "the target answers 2 of the 4 samples of the pool before unlearning; the others are in no draw, and no "
        "method keeps by them",
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


def corpus(**evaluation):
    return Corpus(tuple(SAMPLES), (Sample("k", "?", "x"), Sample("l", "?", "x")), evaluation=evaluation)


def test_what_is_kept_and_known_is_counted_set_by_set():
    near = (Sample("n", "?", "x"), Sample("o", "?", "x"), Sample("p", "?", "x"))
    assert kept_line(corpus(near=near), {"b", "l", "n"}) == (
        "of what is kept it answers 1 of the 2 of retain, 2 of the 3 of near; the others are measured by no metric"
    )
    assert kept_line(Corpus(tuple(SAMPLES), ()), {"b"}) == ""


def test_a_set_of_which_nothing_is_known_tells_nothing_of_what_is_kept():
    with pytest.raises(FairforgetError, match=r"none of the 1 samples of near.*another model.*unknown: keep"):
        kept_line(corpus(near=(Sample("n", "?", "x"),)), {"n"})


def test_no_method_keeps_by_what_is_not_known():
    gone, kept = parted(corpus(), ["a", "b"], {"b", "c", "l"})
    assert [sample.id for sample in gone] == ["a", "b"], "a draw is what it is"
    assert [sample.id for sample in kept] == ["k", "d"]
    assert [sample.id for sample in parted(corpus(), ["a"])[1]] == ["k", "l", "b", "c", "d"]
