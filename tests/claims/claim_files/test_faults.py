"""What is said of a claim file that is wrong."""

from __future__ import annotations

import pytest

from fairforget.claims.claim_file import ClaimFile

from .a_claim import CLAIM, STUDY, line, wrong


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
            {"assumed": {**CLAIM["assumed"], "effect": 1e173}},
            "effect:",
            "assumed.effect: must be less than or equal to 1e+60, not 1e+173",
        ),
        (
            {"expect": {"above": -1e173, "because": "x"}},
            "above:",
            "expect.above: must be greater than or equal to -1e+60, not -1e+173",
        ),
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
