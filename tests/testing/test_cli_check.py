"""``fairforget check``."""

from __future__ import annotations

import json
import re

import pytest

from fairforget.cli import main

PLUGIN = """
from typing import Annotated

from fairforget import Entry, hookimpl
from fairforget.api import Curriculum, LossMethod


class Sleepy(LossMethod):
    def __init__(self, beta: float = 1.0):
        self.beta = beta

    def loss(self, model, batch):
        print("\\x1b[2J hello")
        return -self.beta * batch.forget.nll(model)


class Order(Curriculum):
    pass


@hookimpl
def fairforget_methods():
    return [Entry("sleepy", ":Sleepy"), Entry("twice", ":Sleepy")]


@hookimpl
def fairforget_curricula():
    return [Entry("twice", ":Order")]
"""
ONLY = ["--only", "loads", "--only", "options-documented"]


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "acme.py").write_text(PLUGIN)
    return str(tmp_path / "acme.py")


def test_a_plugin_that_passes(capsys):
    assert main(["check", "npo", *ONLY]) == 0
    out, err = capsys.readouterr()
    assert re.search(
        r"^method fairforget/npo \S+\n  loads +ran\n  options-documented +ran\npassed \(2 checks\)$", out.strip()
    )
    assert "1/2 loads: ran" in err


def test_a_plugin_that_fails(plugin, capsys):
    assert main(["check", "sleepy", "--plugin", plugin, *ONLY]) == 1
    out = capsys.readouterr().out
    assert "options-documented  failed" in out
    assert "beta is not described" in out
    assert "1 failed (2 checks)" in out


def test_an_expected_failure(plugin, capsys):
    expect = ["--expect", "options-documented=its name says it"]
    assert main(["check", "sleepy", "--plugin", plugin, *ONLY, *expect]) == 0
    assert "failed as expected" in capsys.readouterr().out
    assert main(["check", "npo", *ONLY, *expect]) == 1
    assert "remove it" in capsys.readouterr().out


def test_json_is_all_there_is_on_standard_output(plugin, capsys):
    only = ["--only", "prints-nothing", "--only", "runs"]
    assert main(["check", "sleepy", "--plugin", plugin, "--json", *only]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["kind"], found["name"], found["passed"]) == ("method", "acme/sleepy", False)
    assert {one["check"]: one["status"] for one in found["checks"]} == {"runs": "ran", "prints-nothing": "failed"}
    assert "samples=1, batch_size=1, updates=1" in found["checks"][1]["case"]
    assert "\x1b" not in err


def test_nothing_of_a_plugin_steers_the_terminal(plugin, capsys):
    assert main(["check", "sleepy", "--plugin", plugin, "--only", "prints-nothing"]) == 1
    assert main(["check", "sleepy", "--plugin", plugin, "--only", "prints-nothing", "--format", "md"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_plugin_that_could_not_be_tried_has_not_passed(capsys):
    only = ["--only", "loads", "--only", "accounts-for-every-sample"]
    assert main(["check", "model-utility", *only]) == 1
    out = capsys.readouterr().out
    assert "not tested (1 of 2 checks could be made)" in out
    assert "--expect accounts-for-every-sample=REASON" in out
    assert main(["check", "model-utility", *only, "--expect", "accounts-for-every-sample=it wants three sets"]) == 0
    out = capsys.readouterr().out
    assert "passed (1 of 2 checks could be made)" in out
    assert "It was not seen at its work" in out


def test_markdown_goes_to_a_file(tmp_path, capsys):
    file = tmp_path / "report.md"
    assert main(["check", "npo", *ONLY, "--format", "md", "--out", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert "| options-documented | ran |" in file.read_text(encoding="utf-8")


def test_a_distribution_is_all_of_its_plugins(plugin, capsys):
    assert main(["check", "acme", "--plugin", plugin, "--only", "loads", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {(one["kind"], one["name"]) for one in found}
    assert {("method", "acme/sleepy"), ("method", "acme/twice"), ("curriculum", "acme/twice")} <= names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["npoo"], "Did you mean 'npo'"),
        (["npo", "--only", "run"], "Did you mean 'runs'"),
        (["npo", "--expect", "runs"], "write CHECK=REASON"),
        (["npo", "--expect", "weights-shape=why"], "no check 'weights-shape' for a method"),
        (["npo", "--set", "betta=1"], "Did you mean 'beta'"),
        (["npo", "--set", "beta=[1"], "not valid YAML"),
        (["npo", "--set", "beta=-1"], "beta"),
        (["quickstart"], "there are checks for method"),
        (["npo", "--plugin", "nowhere.py"], "cannot read the plugin file"),
    ],
)
def test_wrong_input_is_one_message(arguments, said, capsys):
    assert main(["check", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_name_of_two_kinds(plugin, capsys):
    assert main(["check", "twice", "--plugin", plugin]) == 2
    assert "--kind method or --kind curriculum" in capsys.readouterr().err
    assert main(["check", "twice", "--plugin", plugin, "--kind", "curriculum", "--only", "loads"]) == 0


def test_an_option_is_given(capsys):
    assert main(["check", "npo", "--set", "beta=0.3", "--only", "clones-without-running", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"] == {"beta": 0.3}
    assert main(["check", "npo", "--set", "beta=1e-5", "--only", "clones-without-running", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"] == {"beta": 1e-5}  # YAML 1.1 has a text there
