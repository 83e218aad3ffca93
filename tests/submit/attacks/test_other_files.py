"""Hostile declarations, board files and files that belong nowhere are refused by name."""

from __future__ import annotations

import json

import pytest

from fairforget.cli import main
from fairforget.study.yaml_core import to_yaml

from .edits import RLO


@pytest.mark.parametrize(
    "place",
    [
        "boards/run.sh",
        "boards/deep/people.yaml",
        "boards/people.yml",
        "boards/.hidden.yaml",
        "boards/people.yaml.orig",
        "results/.gitattributes",
        f"results/{RLO}x",
        "results/a\x1b[2Jb",
        "results/a\nb",
        "results/\udcff",
        "boards/\udcff.yaml",
        "results/" + "/".join("a" * 40),
    ],
)
def test_a_file_that_belongs_nowhere_is_refused(attack, published, place, capsys):
    path = published / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    code, said = attack.check()
    assert code == 1, said
    assert "has no place here" in said or "a folder too deep" in said
    base = published.parent / "base"
    capsys.readouterr()
    assert main(["submit", "--check", str(base), "--to", str(published), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["reason"] in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("by: x\n", "cells is missing"),
        ("[]", "a declaration is a mapping of keys, not a list"),
        ("", "a declaration is a mapping of keys, not null"),
        ("by: [\n", "not valid YAML"),
        ("by: !!python/object/apply:os.system [id]\n", "tags such as"),
        (f"by: {'[' * 5000}", "nested more than"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [" + "*b, " * 9000 + "]\n", "more than 20000 values"),
        ("x" * 300_000, "larger than 256 KiB"),
        ('by: "\\e[2J"\nby: y\n', "duplicate key"),
        ("{head}code: javascript:alert(1)\n{cells}", "code"),
        ("{head}code: null\ncells: [../../etc/passwd]\n", "cells.0"),
        ("{head}code: null\ncells: []\n", "cells: must have at least 1 entry"),
        ("{head}code: null\nhidden: true\n{cells}", "hidden: unknown key"),
        ("{head}code: null\ncells: [{other}]\n", "about a cell that is not beside it"),
        ("{trials}code: null\n{cells}", "trials 0 goes with draws: none"),
    ],
)
def test_a_hostile_declaration_is_refused_by_name(attack, published, text, reason):
    attack()
    (said,) = (published / "results").rglob(f"submission-{'0' * 12}.yaml")
    whole = said.read_text()
    cells = whole[whole.index("cells:") :]
    head = "by: Mal\ntrained_on_evaluation: false\ntuning: {trials: 0, draws: none}\n"
    told = {"head": head, "cells": cells, "other": "a" * 24, "trials": head.replace("none", "same")}
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", value)
    said.write_text(text)
    code, err = attack.check()
    assert code == 1
    assert reason in err, err


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"results": ["/etc"]}, "leads out of leaderboards"),
        ({"results": ["../../.."]}, "leads out of leaderboards"),
        ({"results": ["~"]}, "leads out of leaderboards"),
        ({"results": [f"../results/{'a' * 280}"]}, "a name of more than 255 bytes"),
        ({"results": ["../**"]}, "is not supported"),
        ({"strata": {"random": 1e308, "hard": 1e308}}, "must be less than or equal to 1000000"),
        ({"strata": {f"{RLO}x\x1b[2J": 1}}, "there is no stratum"),
        ({"score": {"completeness": ["best"], "utility": ["best"]}}, "no result has such a column"),
        ({"ranks": "mine"}, "ranks: unknown key"),
        ({"name": "../x"}, "must be lower-case letters"),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_a_hostile_board_file_is_refused_by_name(attack, published, changes, reason, new):
    from fairforget.study.yaml_lines import read_yaml

    path = published / "boards" / "people.yaml"
    found = read_yaml(path).value | ({"name": "other"} if new else {}) | changes
    (path.with_name("other.yaml") if new else path).write_text(to_yaml(found))
    code, said = attack.check()
    assert code == 1
    assert reason in said, said
