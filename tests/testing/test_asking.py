"""What can be asked about, and how."""

from __future__ import annotations

import pytest

from fairforget import Entry
from fairforget.api import Curriculum, LossMethod, Sampler
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.testing import check, check_curriculum, check_method, check_sampler
from fairforget.testing.resolve import examine

ONLY = ["loads", "options-documented", "clones-without-running"]


class Drowsy(LossMethod):
    """Nothing but ascent."""

    def loss(self, model, batch):
        return -batch.forget.nll(model)


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.mark.parametrize("asked", ["npo", "fairforget/npo", "Fairforget/npo"])
def test_a_name(asked, registry):
    report = check_method(asked, only=ONLY, registry=registry)
    assert (report.kind, report.name, report.passed) == ("method", "fairforget/npo", True)
    assert [result.check for result in report.results] == ["loads", "options-documented", "clones-without-running"]


def test_a_class_an_instance_and_entries_of_the_same_plugin(registry):
    found = registry.find("method", "npo")
    cls = registry.load(found)
    for asked in (cls, cls(beta=0.2), found, Entry("npo", found.target)):
        examined = examine(asked, registry=registry)
        assert examined.entry == found
        assert examined.cls is cls
    assert examine(cls(beta=0.2), registry=registry).make().beta == 0.2
    assert examine("npo", options={"beta": 0.3}, registry=registry).make().beta == 0.3


def test_a_class_that_no_distribution_names(registry):
    examined = examine(Drowsy, registry=registry)
    assert (examined.kind, examined.name) == ("method", "unpackaged/drowsy")
    assert check(Drowsy, only=ONLY, registry=registry).passed
    assert check(Curriculum, only=ONLY, registry=registry).kind == "curriculum"


def test_an_entry_that_is_not_installed(registry):
    entry = Entry("drowsy", "fairforget.testing.tiny:TinyAscent")
    assert check(entry, only=ONLY, registry=registry).name == "unpackaged/drowsy"
    with pytest.raises(FairforgetError, match="say its kind"):
        check(Entry("drowsy", "fairforget.testing.tiny:Nothing"), registry=registry)
    with pytest.raises(FairforgetError, match="Nothing"):
        check_method(Entry("drowsy", "fairforget.testing.tiny:Nothing"), registry=registry)


def test_an_unknown_name_names_the_nearest(registry):
    with pytest.raises(FairforgetError, match="Did you mean 'npo'"):
        check("npoo", registry=registry)


def test_the_kind_has_to_fit(registry):
    with pytest.raises(FairforgetError, match="is a method, not a curriculum"):
        check_curriculum(Drowsy, registry=registry)
    with pytest.raises(FairforgetError, match="sampler"):
        check_sampler("npo", registry=registry)


@pytest.mark.parametrize("asked", [int, object(), 3, Sampler])
def test_what_is_no_plugin(asked, registry):
    with pytest.raises(FairforgetError, match=r"is no plugin|does not define"):
        check(asked, registry=registry)


@pytest.mark.parametrize("where", ["expected_failures", "only"])
def test_an_unknown_check_names_the_nearest(where, registry):
    given = {"deterministik": "why"} if where == "expected_failures" else ["deterministik"]
    with pytest.raises(FairforgetError, match="Did you mean 'deterministic'"):
        check("npo", registry=registry, **{where: given})


def test_a_check_of_another_kind_is_unknown(registry):
    with pytest.raises(FairforgetError, match="no check 'weights-shape' for a method"):
        check("npo", only=["weights-shape"], registry=registry)


def test_progress_is_told(registry):
    told = []
    check("npo", only=ONLY, registry=registry, progress=lambda result, done, of: told.append((result.check, done, of)))
    assert told == [(name, i + 1, 3) for i, name in enumerate(ONLY)]


def test_a_required_option_has_to_be_given(registry):
    class Needy(LossMethod):
        """It needs to be told."""

        def __init__(self, beta: float):
            self.beta = beta

        def loss(self, model, batch):
            return -self.beta * batch.forget.nll(model)

    report = check(Needy, on_fail="report", only=[*ONLY, "runs"], registry=registry)
    assert "beta has no default" in report.result("options-documented").message
    assert report.result("runs").status == "not applicable"
    assert check(Needy, on_fail="report", only=["runs"], options={"beta": 1.0}, registry=registry).passed
