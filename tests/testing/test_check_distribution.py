"""What keeps plugins from being found is caught by name, and ``plugins doctor`` says it too."""

from __future__ import annotations

import pytest

from fairforget.cli.program import main
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.testing import ChecksFailed, check_distribution

NAMES = "loads hooks-exist names-are-unique entries-are-valid targets-load listing-is-light".split()
FINE = "@hookimpl\ndef fairforget_samplers():\n    return [Entry('mine', 'fairforget_samplers.random:Random')]\n"

MUTANTS = {
    "raises_at_import": ("loads", "raise RuntimeError('no licence found')\n", "no licence found"),
    "ends_the_program": ("loads", "raise SystemExit(3)\n", "SystemExit"),
    "misspelt_hook": ("hooks-exist", FINE.replace("samplers()", "sampler()"), "Did you mean 'fairforget_samplers'"),
    "unmarked_hook": ("hooks-exist", FINE.replace("@hookimpl\n", ""), "put @hookimpl above it"),
    "strange_argument": ("hooks-exist", FINE.replace("samplers()", "samplers(kind)"), "kind"),
    "no_hook": ("hooks-exist", "x = 1\n", "implements no hook"),
    "same_name_twice": (
        "names-are-unique",
        FINE.replace("Random')]", "Random')] * 2"),
        "two sampler entries are called 'mine'",
    ),
    "name_of_another": ("names-are-unique", FINE.replace("'mine'", "'binned'"), "fairforget/binned is a sampler"),
    "texts_for_entries": (
        "entries-are-valid",
        "@hookimpl\ndef fairforget_samplers():\n    return ['mine']\n",
        "'mine'",
    ),
    "capitals": ("entries-are-valid", FINE.replace("'mine'", "'Mine'"), "lower-case"),
    "no_such_class": ("targets-load", FINE.replace(":Random'", ":Rundom'"), "Did you mean 'Random'"),
    "another_kind": (
        "targets-load",
        FINE.replace("samplers()", "metrics()"),
        "a subclass of fairforget.api.Metric",
    ),
    "imports_torch": ("listing-is-light", "import torch\n" + FINE, "torch"),
    "prints": ("listing-is-light", "print('hello')\n" + FINE, "hello"),
}


@pytest.mark.parametrize(("caught_by", "source", "message"), MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_caught_by_name(site, caught_by, source, message):
    site.install("acme", source)
    report = check_distribution("acme", on_fail="report")
    assert [result.check for result in report.results] == NAMES
    assert caught_by in {failure.check for failure in report.failures}
    assert message in report.result(caught_by).message
    assert "acme" in report.to_markdown()


def test_a_healthy_distribution_passes(site):
    site.install("acme", FINE)
    report = check_distribution("Acme")
    assert [result.status for result in report.results] == ["ran"] * len(NAMES)
    assert (report.kind, report.name, report.version) == ("distribution", "acme", "1.0")


def test_two_plugins_of_one_distribution_with_one_name(site):
    (site.folder / "acme_more.py").write_text(f"from fairforget import Entry, hookimpl\n{FINE}")
    site.install("acme", FINE, points={"one": "acme", "two": "acme_more"})
    report = check_distribution("acme", on_fail="report")
    found = report.result("names-are-unique")
    assert found.status == "failed"
    assert "acme:one" in found.message
    assert "acme:two" in found.message


def test_two_distributions_with_one_name(site):
    site.install("acme", FINE)
    site.install("zenith", FINE)
    for name, other in (("acme", "zenith/mine"), ("zenith", "acme/mine")):
        with pytest.raises(ChecksFailed, match=other):
            check_distribution(name, only=["names-are-unique"])


def test_an_expected_failure_is_none_and_one_that_passes_is(site):
    site.install("acme", FINE.replace("'mine'", "'binned'"))
    reason = {"names-are-unique": "replaces it on purpose"}
    assert check_distribution("acme", expected_failures=reason).passed
    report = check_distribution(
        "acme", expected_failures={"loads": "not yet written"}, only=["loads"], on_fail="report"
    )
    assert "remove it from the expected failures" in report.failures[0].message


def test_wrong_names_are_said_with_the_nearest(site):
    site.install("acme", FINE)
    with pytest.raises(FairforgetError, match="Did you mean 'acme'"):
        check_distribution("acmee")
    with pytest.raises(FairforgetError, match="Did you mean 'loads'"):
        check_distribution("acme", only=["load"])
    with pytest.raises(FairforgetError, match="Did you mean 'hooks-exist'"):
        check_distribution("acme", expected_failures={"hook-exist": "because"})


@pytest.mark.parametrize("name", ["raises_at_import", "misspelt_hook", "same_name_twice"])
def test_the_commands_say_it(site, capsys, name):
    caught_by, source, message = MUTANTS[name]
    site.install("acme", source)
    assert main(["check", "acme", "--only", caught_by]) == 1
    assert caught_by in capsys.readouterr().out
    assert main(["plugins", "doctor"]) == 1
    doctor = capsys.readouterr().out
    assert "acme:methods" in doctor
    assert message in doctor or "names 'mine' twice" in doctor


def test_the_command_checks_the_distribution_and_what_it_brings(site, capsys):
    site.install("acme", FINE)
    assert main(["check", "acme", "--only", "loads", "--only", "reproducible"]) == 0
    out = capsys.readouterr().out
    assert "distribution acme 1.0" in out
    assert "sampler acme/mine 1.0" in out
    assert main(["check", "acme", "--expect", "loads=it does not", "--only", "loads"]) == 1
    assert "remove it" in capsys.readouterr().out
    assert main(["check", "acme", "--only", "loadz"]) == 2
    assert "Did you mean 'loads'" in capsys.readouterr().err


def test_a_plugin_file_is_a_distribution_too(tmp_path, capsys):
    file = tmp_path / "broken.py"
    file.write_text(f"from fairforget import Entry, hookimpl\n{MUTANTS['misspelt_hook'][1]}")
    assert main(["check", "broken", "--plugin", str(file)]) == 1
    assert "Did you mean 'fairforget_samplers'" in capsys.readouterr().out


def test_the_first_party_distribution_passes():
    assert Registry.discover().entries()
    check_distribution("fairforget")
