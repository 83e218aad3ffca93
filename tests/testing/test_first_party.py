"""The kit over every method and curriculum that comes with fairforget."""

from __future__ import annotations

import time

import pytest

from fairforget.api import MadeElsewhere
from fairforget.registry import Registry
from fairforget.testing import check

REGISTRY = Registry.discover()
OURS = [e for e in REGISTRY.entries() if e.dist == "fairforget" and e.kind in {"method", "curriculum"}]
EXPECTED: dict = {}


@pytest.mark.slow
@pytest.mark.parametrize("entry", OURS, ids=lambda entry: entry.name)
def test_it_passes(entry):
    begin = time.process_time()
    report = check(entry, on_fail="report", registry=REGISTRY, expected_failures=EXPECTED.get(entry.name))
    assert report.passed, report.to_markdown()
    if entry.kind == "curriculum" or not issubclass(REGISTRY.load(entry), MadeElsewhere):
        ran = [result.check for result in report.results if result.status == "ran"]
        assert {"runs", "deterministic", "batch-size-one", "one-sample", "restores-modes"} <= set(ran)
    # Processor time, for the machine may have other things to do. The first of a session makes the targets.
    assert time.process_time() - begin < 60


def test_all_are_there():
    names = {entry.name for entry in OURS}
    assert {"grad-ascent", "npo", "rmu", "task-vector", "retrain", "untouched", "mrd-weighted", "shuffled-mrd"} <= names
