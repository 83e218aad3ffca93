"""The figures of trust, by hand."""

from __future__ import annotations

import json

import pytest

from fairforget.report.trust import UNEXPLAINED, reasons, trust_lines, trust_of


def found(**changes):
    details = {
        "near_zero_share": 0.3,
        "clamped_tokens": 5,
        "non_finite_draws": 7,
        "excluded": {"c": "empty completion", "d": "empty completion", "e": "the model broke", "a": "not so"},
        "warnings": ["raise max_forwards"],
    }
    return {
        "ids": list("abcdef"),
        "values": [2.0, -4.0, None, None, None, None],
        "stderr": [0.5, 0.4, None, None, None, None],
        "reliability": 0.81,
        "tokens": 50,
        "details": details,
        "ledger": {"forward_sequences": 12800, "backward_sequences": 3, "seconds": 4.25},
        **changes,
    }


def test_every_figure():
    trust = trust_of(found())
    assert trust == {
        "samples": 6,
        "scored": 2,
        "excluded": {"empty completion": 2, "the model broke": 1, UNEXPLAINED: 1},
        "random": True,
        "reliability": 0.81,
        "stderr_median": pytest.approx(0.45),
        "relative_stderr_median": pytest.approx(0.175),
        "near_zero_share": 0.3,
        "clamped_tokens": 5,
        "clamped_share": 0.1,
        "non_finite_draws": 7,
        "forward_sequences": 12800,
        "backward_sequences": 3,
        "seconds": 4.25,
        "warnings": ["raise max_forwards"],
    }
    json.dumps(trust)
    assert reasons(found())["f"] == UNEXPLAINED
    assert "a" not in reasons(found())  # it has a score


def test_every_figure_is_said():
    assert trust_lines(trust_of(found())) == [
        ("samples", "6, of which 2 have a score"),
        ("excluded", "2: empty completion"),
        ("excluded", "1: the model broke"),
        ("excluded", f"1: {UNEXPLAINED}"),
        ("split-half reliability", "0.810"),
        ("standard error, median", "0.45 (18 % of the score)"),
        ("near-zero tokens", "30 %"),
        ("clamped tokens", "5 (10 %)"),
        ("non-finite draws", "7"),
        ("cost", "12,800 forward and 3 backward sequences, 4.25 s"),
        ("warning", "raise max_forwards"),
    ]


def test_a_score_without_draws_and_one_of_unknown_reliability_are_told_apart():
    exact = dict(trust_lines(trust_of(found(stderr=None, reliability=None, details={}))))
    unknown = dict(trust_lines(trust_of(found(reliability=None))))
    assert exact["split-half reliability"] == "none needed: no draws"
    assert unknown["split-half reliability"].startswith("unknown: it has draws")
    one = dict(trust_lines(trust_of(found(reliability=None, stderr=[None] * 6))))
    assert one["split-half reliability"] == "unknown: one draw has no error bar"
    assert "standard error, median" not in exact
    assert "non-finite draws" not in exact


def test_what_a_difficulty_does_not_tell_is_not_made_up():
    lines = dict(trust_lines(trust_of(found(details={}))))
    assert lines["near-zero tokens"] == lines["clamped tokens"] == lines["non-finite draws"] == "not told"


def test_a_share_that_the_difficulty_knows_better_wins():
    told = found(details={"clamped_tokens": 5, "tokens": 500})
    assert trust_of(told)["clamped_share"] == 0.01
    assert trust_of(found(details={"clamped_share": 0.25}))["clamped_share"] == 0.25
    assert trust_of(found(details={"clamped_tokens": 0}, tokens=0))["clamped_share"] is None
