"""Options that make no sense, and studies that lack what a statistic over forget sets needs."""

from __future__ import annotations

import pytest

from fairforget.claims.statistics.base import Design
from fairforget.claims.statistics.names import STATISTICS
from fairforget.errors import FairforgetError

PAIRED = (
    "at-equal-utility concordance decay misalignment-index paired-difference ratio reversal slope-over-parts "
    "trade-off-area variance-share"
).split()


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("paired-difference", {"first": {"method": "a"}, "second": {"stratum": "b"}}, "the same facets"),
        ("paired-difference", {"first": {"method": "a"}, "second": {"method": "a"}}, "the same cells"),
        ("paired-difference", {"first": {"metod": "a"}, "second": {"metod": "b"}}, "metod"),
        (
            "paired-difference",
            {
                "first": {"method": "npo"},
                "second": {"method": "grad-diff"},
                "of": "completeness",
                "at": "completeness-matched",
            },
            "equal completeness",
        ),
        ("slope-over-parts", {"statistic": {"name": "ratoi"}, "over": "parameters"}, "ratio"),
        ("slope-over-parts", {"statistic": {"name": "ratio"}, "over": "parameters"}, "first"),
        ("concordance", {"of": "forgotten-after"}, "by: samples"),
        ("misalignment-index", {"generation": "g", "probability": "p", "says": 2}, "says"),
    ],
)
def test_options_that_make_no_sense(name, options, why, made):
    with pytest.raises(FairforgetError, match=why):
        made(name, **options)


@pytest.mark.parametrize("name", PAIRED)
def test_no_evidence_is_no_effect(name, planted, told):
    sides = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}
    options = {
        "at-equal-utility": {**sides, "lost": 0.1},
        "concordance": {},
        "variance-share": {},
        "misalignment-index": {"generation": "g", "probability": "p", "chance": 0.0},
        "slope-over-parts": {"statistic": {"name": "variance-share"}, "over": "parameters"},
    }.get(name, sides)
    for records in (
        (),
        [planted.record()],
        [planted.record(m, index=i, status="failed") for m in "ab" for i in range(9)],
    ):
        assert not told(name, planted.evidence(records), **options).known
    assert name in STATISTICS


@pytest.mark.parametrize(
    ("first", "second", "planned"),
    [
        ({"method": "npo"}, {"method": "grad-diff"}, 20),
        ({"stratum": "high"}, {"stratum": "low"}, 10),
        ({"sampler": "a", "stratum": "high"}, {"sampler": "b", "stratum": "high"}, 10),
    ],
)
@pytest.mark.parametrize(("name", "options"), [("paired-difference", {}), ("at-equal-utility", {"lost": 0.1})])
def test_sets_of_two_strata_are_pairs_before_the_run(name, options, first, second, planned, made):
    design = Design(2, 10, 8, lambda: None)
    assert made(name, first=first, second=second, **options).planned(design) == planned


@pytest.mark.parametrize(
    ("name", "needs"), [("ratio", "stop"), ("decay", "trajectory"), ("trade-off-area", "trajectory")]
)
def test_what_a_study_lacks_is_said(name, needs, planted, told):
    records = [planted.record(m, index=i, completeness=0.5) for m in ("npo", "grad-diff") for i in range(8)]
    assert needs in told(name, planted.evidence(records), **planted.BY_METHOD).problem
