"""The kit over every method and curriculum that comes with fairforget."""

from __future__ import annotations

import time

import pytest

from fairforget.api import MadeElsewhere
from fairforget.api.plugin import option_parameters
from fairforget.registry import Registry
from fairforget.testing import check

pytestmark = pytest.mark.usefixtures("forked")
REGISTRY = Registry.discover()
OURS = [e for e in REGISTRY.entries() if e.dist == "fairforget" and e.kind in {"method", "curriculum"}]
EXPECTED: dict = {}
FEW_PASSES = {"by": {"name": "mrd", "max_forwards": 11}}
"""For curricula that look at a difficulty: that one passes the kit with all its passes elsewhere."""


@pytest.mark.slow
@pytest.mark.parametrize("entry", OURS, ids=lambda entry: entry.name)
def test_it_passes(entry):
    begin = time.process_time()
    options = FEW_PASSES if "by" in option_parameters(REGISTRY.load(entry)) else None
    expected = EXPECTED.get(entry.name)
    report = check(entry, options=options, on_fail="report", registry=REGISTRY, expected_failures=expected)
    assert not report.failures, report.to_markdown()
    here = entry.kind == "curriculum" or not issubclass(REGISTRY.load(entry), MadeElsewhere)
    assert report.verdict == ("passed" if here else "not tested")
    if here:
        ran = [result.check for result in report.results if result.status == "ran"]
        assert {"runs", "deterministic", "batch-size-one", "one-sample", "restores-modes"} <= set(ran)
    # Processor time, for the machine may have other things to do. The first of a session makes the targets.
    assert time.process_time() - begin < 60


def test_all_are_there():
    names = {entry.name for entry in OURS}
    assert {"grad-ascent", "npo", "rmu", "task-vector", "retrain", "untouched", "mrd-weighted", "shuffled-mrd"} <= names
