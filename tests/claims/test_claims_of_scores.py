"""The claims on scores that fairforget ships open, make the scores they judge by, and have the borders they derive."""

from __future__ import annotations

import pytest

from fairforget.claims.open import open_claim
from fairforget.claims.planned import check_shared, plan_claim
from fairforget.claims.power import reach
from fairforget.claims.statistics.standard_error_law import LAW
from fairforget.claims.values import Effect
from fairforget.registry import Registry

NAMES = ("c10", "c11", "c11-outside", "c12", "c12-inside", "c15", "readings")


@pytest.fixture(scope="module")
def planned():
    registry = Registry.discover()
    return {name: plan_claim(open_claim(name, registry), registry) for name in NAMES}


def wanted(claim):
    return [(one.difficulty.name, one.difficulty.options) for one in claim.scores]


def matches(what, scores):
    asked = {"name": what} if isinstance(what, str) else dict(what)
    name = asked.pop("name")
    return [options for found, options in scores if found == name and asked.items() <= options.items()]


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_that_a_claim_is_judged_by_are_made(planned, name):
    claim = planned[name].claim
    for statistic in (claim.statistic, *claim.controls.values()):
        options = statistic.options()
        for what in (
            options["of"],
            *filter(None, (options.get("over"), options.get("beside"))),
            *options.get("given", ()),
        ):
            assert matches(what, wanted(claim)), what


@pytest.mark.parametrize("name", NAMES)
def test_no_cells(planned, name):
    assert not planned[name].claim.cells
    assert len(planned[name].claim.sites) == 4


def test_they_share_their_targets(planned):
    check_shared(list(planned.values()))
    assert {site.study for one in planned.values() for site in one.sites} == {"claims-scores"}


@pytest.mark.parametrize("name", NAMES)
def test_a_verdict_is_within_reach(planned, name):
    found = reach(planned[name])
    assert found.verdict != "undecided"
    assert found.power >= 0.8


def exactly(value):
    return Effect(value, value, value, 1)


def test_borders_are_those_of_the_derivations(planned):
    expect = {name: one.claim.expect for name, one in planned.items()}
    assert expect["c10"].within == pytest.approx((0.9 * LAW, 1.1 * LAW), abs=5e-4)
    # 10 % in a decade: the slope of log on log is log10(1.1).
    for name, derived in (("c11", 1.0), ("c11-outside", 2.0)):
        assert expect[name].within == pytest.approx((-0.04139, 0.04139), abs=1e-4)
        assert planned[name].claim.statistic.derived == derived
        assert expect[name].verdict(exactly(derived)) == "contradicted"
    assert expect["c12"].below == expect["c12-inside"].below == 0
    assert expect["c15"].verdict(exactly(1.0)) == "supported"
    assert expect["c15"].verdict(exactly(1 / 0.71)) == "contradicted"
