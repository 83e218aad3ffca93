"""The claim file: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pytest
import yaml
from pydantic import Field

from fairforget.claims.claim_file import ClaimFile
from fairforget.claims.open import open_claim
from fairforget.claims.read import read_claim
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.values import Effect
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.options import describe

STUDY = {
    "name": "tiny",
    "task": {"name": "biographies", "people": 12},
    "draws": 4,
    "forget_size": 3,
    "methods": ["npo"],
    "budget": {"epochs": 2},
    "optimizer": {"name": "adamw", "lr": 1.0e-3, "batch_size": 4},
}
CLAIM = {
    "title": "Outcomes differ between forget sets",
    "statement": "More than 0.3 of the variance lies between forget sets.",
    "family": "selection",
    "source": {"paper": "arXiv:2504.06658", "where": "Fig. 2"},
    "study": STUDY,
    "targets": {"small": {}},
    "statistic": {"name": "mean", "column": "forget"},
    "expect": {"above": 0.3, "because": "our margin"},
    "assumed": {"effect": 0.5, "spread": 0.2, "because": "a pilot"},
    "would_change": "Twice as many forget sets.",
    "means": {"supported": "Draw many.", "contradicted": "One will do.", "undecided": "Draw more."},
}


@dataclass(frozen=True)
class Mean(Statistic):
    unit = "forget sets"
    column: Annotated[str, "what is averaged"]
    shuffled: bool = False
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95

    def estimate(self, evidence, rng):
        return Effect.unknown(evidence.target)


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.fixture(autouse=True)
def _statistics(monkeypatch):
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", MappingProxyType({"mean": f"{__name__}:Mean"}))


@pytest.fixture
def write(tmp_path):
    def write(_name: str = "c1.yaml", /, _without: tuple[str, ...] = (), **changes) -> Path:
        content = {key: value for key, value in {**CLAIM, **changes}.items() if key not in _without}
        path = tmp_path / "claims" / _name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return path

    return write


def line(path: Path, text: str) -> int:
    """The line of a file that has a text."""
    (found,) = [i for i, row in enumerate(path.read_text().splitlines(), start=1) if text in row]
    return found


def wrong(path, registry, *settings) -> list[str]:
    with pytest.raises(FairforgetError) as caught:
        open_claim(path, registry, settings)
    return str(caught.value).splitlines()


def test_a_claim_is_opened(write, registry):
    claim = open_claim(write(), registry)
    assert claim.name == "c1"
    assert claim.targets == ("small",)
    (site,) = claim.sites
    assert (site.name, site.part, site.facts) == ("small", "", {})
    assert (site.study.study.name, site.study.study.draws) == ("tiny", 4)
    assert (claim.statistic, claim.controls, claim.scores, claim.cells) == (Mean("forget"), {}, (), True)
    assert (claim.expect.above, claim.expect.borders) == (0.3, (0.3,))
    assert (claim.assumed.effect, claim.assumed.spread, claim.assumed.because) == (0.5, 0.2, "a pilot")


def test_targets_and_parts_set_keys_of_the_study(write, registry):
    path = write(
        targets={"small": {}, "wide": {"set": {"task.hidden_size": 64, "forget_size": 9}}},
        parts={
            "few": {"set": {"forget_size": 4, "methods.0.beta": 0.2}, "facts": {"forget_size": 4, "share": 0.5}},
            "plain": {},
        },
    )
    claim = open_claim(path, registry)
    assert [site.name for site in claim.sites] == ["small.few", "small.plain", "wide.few", "wide.plain"]
    few, plain, wide_few, wide_plain = [site.study.study for site in claim.sites]
    # A part wins over a target, and both over the study.
    assert [s.forget_size for s in (few, plain, wide_few, wide_plain)] == [4, 3, 4, 9]
    assert few.methods[0].spec.options == {"beta": 0.2}
    assert plain.methods[0].spec.options == {}
    assert wide_plain.task.options == {"people": 12, "hidden_size": 64}
    assert claim.sites[0].facts == {"forget_size": 4.0, "share": 0.5}
    assert claim.sites[1].facts == {}


def test_the_settings_of_the_command_line_win_on_every_target(write, registry):
    path = write(targets={"small": {"set": {"draws": 7}}, "wide": {}})
    claim = open_claim(path, registry, ["draws=9", "task.people=8"])
    assert [(s.study.study.draws, s.study.study.task.options["people"]) for s in claim.sites] == [(9, 8), (9, 8)]
    assert wrong(path, registry, "drows=9")[0].startswith("--set drows=9: drows: unknown key. Did you mean 'draws'")


def test_scores_controls_and_cells(write, registry):
    claim = open_claim(
        write(
            scores=["mrd", {"name": "loss", "seeds": 3}, {"name": "mrd", "sigma": 0.01}],
            cells=False,
            controls={"shuffled": {"statistic": {"name": "mean", "column": "x", "shuffled": True}, "because": "noise"}},
        ),
        registry,
    )
    assert [(s.difficulty.name, dict(s.difficulty.options), s.seeds) for s in claim.scores] == [
        ("mrd", {}, 1),
        ("loss", {}, 3),
        ("mrd", {"sigma": 0.01}, 1),
    ]
    assert not claim.cells
    assert claim.controls == {"shuffled": Mean("x", shuffled=True)}


@pytest.mark.parametrize("key", [name for name, field in ClaimFile.model_fields.items() if field.is_required()])
def test_what_has_to_be_there(write, registry, key):
    path = write(_without=(key,))
    assert wrong(path, registry) == [f"{path}:1: the key {key} is missing"]


@pytest.mark.parametrize(
    ("changes", "at", "message"),
    [
        ({"tittle": "x"}, "tittle:", "tittle: unknown key. Did you mean 'title'?"),
        ({"title": ""}, "title:", "title: must not be empty"),
        ({"title": 3}, "title:", "title: must be a text, not 3"),
        (
            {"family": "difficult"},
            "family:",
            "family: must be 'selection', 'difficulty' or 'forgotten', not the text 'difficult'. "
            "Did you mean 'difficulty'?",
        ),
        ({"source": {"paper": "x", "where": "y", "page": "3"}}, "page:", "source.page: unknown key"),
        ({"study": 3}, "study:", "study: must be a mapping as in a study file, ./FILE.yaml, or the name of a study"),
        ({"study": "tofu-big"}, "study:", "study: Unknown study 'tofu-big'."),
        ({"study": "study.yaml"}, "study:", "study: a study file beside the claim is written ./study.yaml"),
        ({"study": {**STUDY, "seads": 1}}, "seads:", "study.seads: unknown key. Did you mean 'seeds'?"),
        ({"study": {**STUDY, "draws": "many"}}, "draws:", "study.draws: must be an integer, not the text 'many'"),
        ({"targets": {}}, "targets:", "targets: must have at least 1 entry"),
        ({"targets": {"A b": {}}}, "A b:", "targets: names are lower-case letters and digits, joined by"),
        ({"targets": {"a.b": {}}}, "a.b:", "targets: names are lower-case letters"),
        ({"targets": {"../x": {}}}, "../x:", "targets: names are lower-case letters"),
        ({"targets": {"a": {"sets": {}}}}, "sets:", "targets.a.sets: unknown key. Did you mean 'set'?"),
        (
            {"targets": {"a": {"set": {"drows": 3}}}},
            "drows:",
            "targets.a.set: drows: unknown key. Did you mean 'draws'",
        ),
        ({"targets": {"a": {"set": {"draws": "x"}}}}, "draws: x", "targets.a.set: draws: must be an integer, not the"),
        ({"targets": {"a": {"set": {"methods.3.beta": 1}}}}, "beta", "targets.a.set: methods is a list with the posit"),
        (
            {"targets": {"a": {"set": {"budget..epochs": 1}}}},
            "epochs: 1",
            "targets.a.set.'budget..epochs': write a key",
        ),
        ({"parts": {}}, "parts:", "parts: must have at least 1 entry"),
        (
            {"parts": {"p": {"facts": {"size": "big"}}}},
            "size: big",
            "parts.p.facts.size: must be a number, not the text",
        ),
        ({"parts": {"p": {"set": {"budget.epohcs": 1}}}}, "epohcs", "parts.p.set: budget.epohcs: unknown key. Did you"),
        ({"scores": [{"name": "mdr"}]}, "mdr", "scores.0: Unknown difficulty 'mdr'. Did you mean 'mrd'"),
        ({"scores": [{"seeds": 2}]}, "- seeds: 2", "scores.0: has no name; write {name: …} with the difficulty's opti"),
        ({"scores": [{"name": "mrd", "sigmas": 1}]}, "sigmas", "scores.0.sigmas: difficulty 'mrd' has no option 'sigm"),
        ({"scores": ["mrd", "fairforget/mrd"]}, "- fairforget/mrd", "scores.1: difficulty fairforget/mrd stands here"),
        ({"scores": [{"name": "mrd", "seeds": 0}]}, "seeds: 0", "scores.0.seeds: must be greater than or equal to 1"),
        ({"cells": False}, "title:", "cells: there is no evidence without cells and without scores"),
        ({"statistic": "meen"}, "statistic:", "statistic: Unknown statistic 'meen'. Did you mean 'mean'?"),
        ({"statistic": ["mean"]}, "- mean", "statistic: must be the name of a statistic, or a mapping with its"),
        ({"statistic": "mean"}, "statistic:", "statistic: statistic 'mean' needs the option 'column' (text)"),
        (
            {"statistic": {"name": "mean", "column": "x", "colum": 1}},
            "colum:",
            "statistic.colum: statistic 'mean' has no option 'colum'. Did you mean 'column'? Options: column, level,",
        ),
        (
            {"statistic": {"name": "mean", "column": "x", "level": 2}},
            "level:",
            "statistic.level: statistic 'mean': option 'level' must be less than 1, not 2",
        ),
        ({"statistic": "os:system"}, "statistic:", "statistic: Unknown statistic 'os:system'."),
        (
            {"expect": {"because": "x"}},
            "because: x",
            "expect: needs exactly one of above, below and within, and has none",
        ),
        ({"expect": {"above": 1, "below": 2, "because": "x"}}, "above: 1", "expect: needs exactly one of above, below"),
        (
            {"expect": {"within": [2, 1], "because": "x"}},
            "within:",
            "expect: within: the first number is to be smaller",
        ),
        ({"expect": {"within": [2], "because": "x"}}, "- 2", "expect.within: must be a list of 2 entries, not a li"),
        ({"controls": {"n": {"statistic": "mode", "because": "x"}}}, "mode", "controls.n.statistic: Unknown statistic"),
        ({"controls": {"n": {"because": "x"}}}, "because: x", "controls.n: the key statistic is missing"),
        ({"assumed": {**CLAIM["assumed"], "spread": 0}}, "spread:", "assumed.spread: must be greater than 0, not 0"),
        (
            {"assumed": {**CLAIM["assumed"], "effect": float("inf")}},
            "effect:",
            "assumed.effect: must be a finite numbe",
        ),
        ({"means": {**CLAIM["means"], "undecided": 3}}, "undecided: 3", "means.undecided: must be a text, not 3"),
    ],
)
def test_a_fault_is_named_with_line_key_and_mend(write, registry, changes, at, message):
    path = write(**changes)
    (first, *_) = wrong(path, registry)
    assert first.startswith(f"{path}:{line(path, at)}: {message}")


def test_all_faults_are_told_at_once_and_each_once(write, registry):
    path = write(
        statistic="mode",
        targets={"a": {"set": {"drows": 3}}, "b": {}},
        parts={"p": {"set": {"budget.epohcs": 1}}, "q": {}},
        study={**STUDY, "seads": 1},
    )
    said = wrong(path, registry)
    assert [part.partition(": ")[2].partition(":")[0] for part in said].count("study.seads") == 1
    assert {part.split(": ")[1] for part in said} == {"statistic", "study.seads", "targets.a.set", "parts.p.set"}
    assert len(said) == 4


def test_a_study_may_lie_beside_the_claim(write, registry, tmp_path):
    path = write(study="./studies/tiny.yaml")
    (path.parent / "studies").mkdir()
    study = path.parent / "studies" / "tiny.yaml"
    study.write_text(yaml.safe_dump({**STUDY, "task": {"name": "tofu", "data": "./data"}}))
    (site,) = open_claim(path, registry).sites
    assert site.study.study.task.options["data"] == str(path.parent / "studies" / "data")
    # What is wrong in it is told with its own name.
    study.write_text(yaml.safe_dump({**STUDY, "seads": 1}))
    assert wrong(path, registry)[0].startswith(f"{study}:{line(study, 'seads')}: seads: unknown key")
    study.write_text("name: [")
    assert wrong(path, registry)[0].startswith(f"{study}:1: not valid YAML")
    study.unlink()
    assert wrong(path, registry) == [f"{path}:{line(path, 'study:')}: study: there is no file {study}"]


def test_a_study_may_be_one_that_a_plugin_ships(write, registry):
    (site,) = open_claim(write(study="quickstart"), registry).sites
    assert site.study.study.name == "quickstart"


def test_relative_paths_start_at_the_claim(write, registry):
    path = write(
        study={**STUDY, "task": {"name": "tofu", "data": "./tofu"}},
        targets={"a": {"set": {"model.path": "./model"}}, "b": {"set": {"model.path": "org/model"}}},
    )
    one, two = [site.study.study for site in open_claim(path, registry).sites]
    assert one.task.options["data"] == str(path.parent / "tofu")
    assert (one.model.path, two.model.path) == (str(path.parent / "model"), "org/model")


OUT = ("..", "../x", "./../x", "./a/../../x", "./link/x")


@pytest.mark.parametrize("out", OUT)
@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("study", lambda out: {"study": out}),
        ("study.task.data", lambda out: {"study": {**STUDY, "task": {"name": "tofu", "data": out}}}),
        ("targets.a.set.'model.path'", lambda out: {"targets": {"a": {"set": {"model.path": out}}}}),
        ("parts.p.set.task.data", lambda out: {"parts": {"p": {"set": {"task": {"name": "tofu", "data": out}}}}}),
        ("scores.0.model", lambda out: {"scores": [{"name": "entanglement", "model": out}]}),
    ],
)
def test_no_path_leads_out_of_the_folder(write, registry, tmp_path, key, of, out):
    (tmp_path / "x").write_text("it is: not yours")
    path = write(**of(out))
    (path.parent / "link").symlink_to(tmp_path)
    said = wrong(path, registry)
    assert f": {key}: {out!r} leads out of the folder {path.parent}; " in said[0]
    assert "not yours" not in "\n".join(said)


def test_a_link_in_a_circle_is_an_error(write, registry):
    path = write(study="./round/x.yaml")
    (path.parent / "round").symlink_to("round")
    assert "study: there is no file" in wrong(path, registry)[0]


def test_a_study_beside_the_claim_leads_out_of_its_folder_no_more_than_the_claim(write, registry):
    path = write(study="./tiny.yaml")
    study = path.with_name("tiny.yaml")
    study.write_text(yaml.safe_dump({**STUDY, "task": {"name": "tofu", "data": "../tofu"}}))
    said = wrong(path, registry)
    assert said[0].startswith(f"{study}:{line(study, 'data:')}: task.data: '../tofu' leads out of the folder")


@pytest.mark.parametrize("name", ["C1.yaml", "my claim.yaml", "a_b.yaml", "a.b.yaml", "-.yaml"])
def test_a_file_that_could_not_be_an_entry_has_to_be_renamed(write, registry, name):
    assert "rename the file" in wrong(write(name), registry)[0]


def test_a_folder_and_a_missing_file(write, registry, tmp_path):
    path = write()
    assert wrong(path.parent, registry) == [f"{path.parent}: a folder; name the claim file in it"]
    assert wrong(path.with_name("c2.yaml"), registry) == [
        f"{path.with_name('c2.yaml')}: there is no such file. That folder has c1.yaml."
    ]
    assert wrong("", registry) == ["'' is neither a file nor the name of a claim"]
    assert wrong("no-such-claim", registry)[0].startswith("Unknown claim 'no-such-claim'.")


@pytest.mark.parametrize("text", ["", "[]", "3", "- a"])
def test_a_file_that_is_no_mapping(write, registry, text):
    path = write()
    path.write_text(text)
    assert "a claim file is a mapping of keys, not " in wrong(path, registry)[0]


def test_too_many_studies_are_refused(write, registry):
    path = write(targets={f"t{i}": {} for i in range(21)}, parts={f"p{i}": {} for i in range(10)})
    assert "parts: 210 studies, a part on a target each; at most 200 are run" in wrong(path, registry)[0]


def plugin(folder: Path, entries: str) -> Path:
    file = folder / "my_claims.py"
    file.write_text(
        f"from fairforget import Entry, hookimpl\n\n@hookimpl\ndef fairforget_claims():\n    return [{entries}]\n"
    )
    return file


def test_a_plugin_file_ships_claims(write, tmp_path, site):
    write(study="./tiny.yaml").with_name("tiny.yaml").write_text(yaml.safe_dump(STUDY))
    found = Registry.discover([plugin(tmp_path, "Entry('first', 'claims/c1.yaml', summary='one')")])
    assert found.problems == ()
    for name in ("first", "my_claims/first", "my-claims/first"):
        claim = open_claim(name, found)
        assert claim.name == "my_claims/first"
        assert claim.sites[0].study.study.name == "tiny"
    # Paths may go through the package, and not out of it.
    write(study="../tiny.yaml")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(STUDY))
    assert open_claim("first", found).sites[0].study.study.name == "tiny"
    path = write(study="../../tiny.yaml")
    assert f"study: '../../tiny.yaml' leads out of the folder {tmp_path}" in wrong("first", found)[0]
    assert read_claim("first", found).path == path


def test_a_package_ships_claims(site, write, tmp_path):
    site.install("acme", "@hookimpl\ndef fairforget_claims():\n    return [Entry('c1', 'acme:claims/c1.yaml')]\n")
    (site.folder / "claims").mkdir()
    write().rename(site.folder / "claims" / "c1.yaml")
    claim = open_claim("acme/c1", Registry.discover())
    assert (claim.name, claim.sites[0].name) == ("acme/c1", "small")
    with pytest.raises(FairforgetError, match=r"two distributions|ambiguous|2 distributions"):
        open_claim("c1", Registry.discover([plugin(tmp_path, "Entry('c1', '../x')")]))


def test_an_entry_leads_into_its_package_only(site, write, tmp_path):
    write()
    inner = tmp_path / "inner"
    inner.mkdir()
    found = Registry.discover([plugin(inner, "Entry('first', '../claims/c1.yaml'), Entry('second', 'none.yaml')")])
    assert "leaves the folder of its package" in wrong("first", found)[0]
    assert "there is no file" in wrong("second", found)[0]


def test_first_party_statistics_can_be_made():
    """Every name leads to a statistic whose options can be told."""
    for target in STATISTICS.values():
        module, _, attribute = target.partition(":")
        cls = getattr(importlib.import_module(module), attribute)
        assert issubclass(cls, Statistic)
        assert isinstance(cls.unit, str)
        assert "name" not in {option.name for option in describe(cls)}
