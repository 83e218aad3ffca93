"""Mutants of samplers, tasks, difficulties and metrics: each is caught by the check that should catch it, by name."""

from __future__ import annotations

import pytest

from fairforget.registry import Registry
from fairforget.testing import check
from fairforget.testing.checks import CHECKS
from fairforget.testing.runner import checks_for

from .mutant_files import MUTANTS, imported

pytestmark = pytest.mark.usefixtures("forked")
KINDS = {"samplers": "sampler", "tasks": "task", "difficulties": "difficulty", "metrics": "metric"}
FILES = sorted(file for folder in KINDS for file in (MUTANTS / folder).glob("*.py"))


def name_of(file):
    return f"{KINDS[file.parent.name]}-{file.stem}"


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Some mutants write into the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_mutant_is_caught_by_name_and_its_healthy_twin_is_not(file, registry):
    module = imported(file)
    only = [module.CAUGHT_BY]
    found = check(module.Mutant, on_fail="report", only=only, registry=registry).result(module.CAUGHT_BY)
    assert found.status == "failed", found.message
    assert found.message
    twin = check(module.Healthy, on_fail="report", only=only, registry=registry).result(module.CAUGHT_BY)
    assert twin.status == "ran", twin.message


@pytest.mark.slow
@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name in {"samplers", "tasks"}], ids=name_of)
def test_the_whole_kit_over_a_mutant_names_the_check_and_few_others(file, registry):
    module = imported(file)
    names = [one.name for one in checks_for(file.parent.name.removesuffix("s"))]
    # But the one that starts a process, which takes longer than all others; unless it is aimed at.
    only = [name for name in names if name == module.CAUGHT_BY or name != "same-in-another-process"]
    report = check(module.Mutant, on_fail="report", only=only, registry=registry)
    failures = [failure.check for failure in report.failures]
    assert module.CAUGHT_BY in failures
    assert len(failures) <= 3, failures


def test_every_check_of_these_kinds_has_a_mutant():
    caught = {imported(file).CAUGHT_BY for file in FILES}
    unproven = {c.name for c in CHECKS if set(c.kinds) & set(KINDS.values()) and "method" not in c.kinds} - caught
    assert not unproven
    assert len(FILES) >= 50
