"""Every mutant is caught by the check that should catch it, by name, and its healthy twin passes."""

from __future__ import annotations

import pytest

from fairforget.registry import Registry
from fairforget.testing import check
from fairforget.testing.checks import CHECKS
from fairforget.testing.runner import checks_for

from .mutant_files import MUTANTS, imported

pytestmark = pytest.mark.usefixtures("forked")
METHODS = sorted((MUTANTS / "methods").glob("*.py"))
CURRICULA = sorted((MUTANTS / "curricula").glob("*.py"))
IMPORTS = sorted((MUTANTS / "imports").glob("*.py"))


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.mark.parametrize("file", [*METHODS, *CURRICULA], ids=lambda file: file.stem)
def test_a_mutant_is_caught_by_name(file, registry):
    module = imported(file)
    result = check(module.Mutant, on_fail="report", only=[module.CAUGHT_BY], registry=registry).result(module.CAUGHT_BY)
    assert result.status == "failed", result.message
    assert result.message
    twin = check(module.Healthy, on_fail="report", only=[module.CAUGHT_BY], registry=registry).result(module.CAUGHT_BY)
    assert twin.status == "ran", twin.message


def twins():
    """One file for every healthy twin: many mutants have the same."""
    files = [*METHODS, *CURRICULA]
    return list(
        {file.read_text().partition("class Healthy")[2].partition("class Mutant")[0]: file for file in files}.values()
    )


@pytest.mark.slow
@pytest.mark.parametrize("file", twins(), ids=lambda file: file.stem)
def test_the_healthy_twin_passes_everything(file, registry):
    report = check(imported(file).Healthy, on_fail="report", registry=registry)
    assert report.passed, report.to_markdown()


def quick(kind, aimed):
    """The checks of a kind without the one that starts a process, which takes long; unless it is aimed at."""
    names = [one.name for one in checks_for(kind)]
    return [name for name in names if name == aimed or name != "same-in-another-process"]


@pytest.mark.slow
@pytest.mark.parametrize("file", [*METHODS, *CURRICULA], ids=lambda file: file.stem)
def test_the_whole_kit_over_a_mutant_names_the_check(file, registry):
    module = imported(file)
    kind = "method" if file.parent.name == "methods" else "curriculum"
    report = check(module.Mutant, on_fail="report", only=quick(kind, module.CAUGHT_BY), registry=registry)
    assert module.CAUGHT_BY in {failure.check for failure in report.failures}, report.to_markdown()
    # One fault is not told many times over.
    assert len(report.failures) <= 3, [failure.check for failure in report.failures]


@pytest.mark.parametrize("file", IMPORTS, ids=lambda file: file.stem)
def test_what_an_import_does_is_caught(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # one of them writes where it stands
    caught_by = next(
        line.partition('"')[2].partition('"')[0] for line in file.read_text().splitlines() if line.startswith("CAUGHT")
    )
    checks = ["loads", "imports-quietly"]
    report = check("mutant", on_fail="report", only=checks, registry=Registry.discover([file]))
    assert [failure.check for failure in report.failures] == ([caught_by] if caught_by else [])
    if caught_by == "loads":
        assert report.result("imports-quietly").status == "not applicable"


def test_there_are_enough_mutants_for_most_checks():
    caught = {imported(file).CAUGHT_BY for file in [*METHODS, *CURRICULA]} | {"loads", "imports-quietly"}
    assert len(METHODS) + len(CURRICULA) + len(IMPORTS) >= 40
    unproven = {c.name for c in CHECKS if {"method", "curriculum"} & set(c.kinds)} - caught
    assert not unproven
