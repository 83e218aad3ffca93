"""What the page about gates says of speed, and the workflow beside it."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from fairforget.testing.speed import Outcome
from fairforget.testing.speed import __main__ as command
from fairforget.testing.speed.gate import Settings
from fairforget.testing.speed.measured.controls import CONTROLS
from fairforget.testing.speed.verdict import WALL_MARGIN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "gate-your-regressions.md").read_text(encoding="utf-8")
SPEED = re.search(r"^## Speed\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
WORKFLOW = ROOT / "docs" / "how-to" / "speed-gate.yml"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", SPEED, re.MULTILINE | re.DOTALL)


COMMANDS = [
    shlex.split(line.removeprefix("$ "), comments=True)
    for block in blocks("console")
    for line in block.splitlines()
    if line.startswith("$ ")
]


@pytest.fixture
def asked(monkeypatch):
    """What gates were asked for; none runs."""
    found = []

    def record(base, head, settings):
        found.append((base, head, settings))
        return Outcome("base", "head", ())

    monkeypatch.setattr(command, "run_gate", record)
    return found


@pytest.mark.parametrize("words", [words for words in COMMANDS if "fairforget.testing.speed" in words], ids=" ".join)
def test_the_commands_are_understood(words, asked, capsys):
    assert words[:3] == ["python", "-m", "fairforget.testing.speed"]
    assert command.main(words[3:]) == 0
    assert asked[0][0] == "origin/main"


def test_the_workflow_is_the_one_beside_the_page_and_its_commands_are_understood(asked, capsys):
    (shown,) = blocks("yaml")
    assert shown == WORKFLOW.read_text(encoding="utf-8")
    found = yaml.safe_load(shown)
    assert found[True] == {"pull_request": None}  # YAML 1.1 reads "on" so; the service does not mind
    steps = found["jobs"]["speed"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    runs = [step["run"] for step in steps if "run" in step]
    words = shlex.split(runs[-1].replace("$GITHUB_BASE_REF", "main"))
    assert command.main(words[3:]) == 0
    (call,) = asked
    assert call[:2] == ("origin/main", None)
    assert str(call[2].tests) == "benchmarks/speed"


def test_the_tox_environment_can_be_read_and_its_command_is_understood(asked, capsys):
    (shown,) = blocks("ini")
    parsed = ConfigParser()
    parsed.read_string(shown)
    section = parsed["testenv:speed"]
    words = shlex.split(section["commands"].replace("{posargs:origin/main}", "origin/main"))
    assert words[:3] == ["python", "-m", "fairforget.testing.speed"]
    assert command.main(words[3:]) == 0
    assert asked[0][0] == "origin/main"
    assert section["deps"] == "pytest-benchmark"


def test_our_own_tox_environment_runs_our_own_gate():
    parsed = ConfigParser()
    parsed.read_string((ROOT / "tox.ini").read_text(encoding="utf-8"))
    assert "benchmarks{/}speed{/}gate.py {posargs:origin/main}" in parsed["testenv:speed"]["commands"]


def test_every_control_and_every_option_is_described():
    named = set(re.findall(r"^\| `(\w+)` \|", SPEED, re.MULTILINE))
    assert named == set(CONTROLS)
    parser = command._parser("benchmarks/speed", ())
    for option in re.findall(r"`(--[a-z-]+)", SPEED):
        assert option in parser._option_string_actions, option


def test_the_numbers_are_those_of_the_code():
    text = " ".join(SPEED.split())
    assert f"{Settings(Path()).rounds} rounds" in text
    assert f"{1 + WALL_MARGIN:.0f} times as long" in text


def test_the_benchmarks_of_the_page_are_tests_that_ask_for_the_fixtures():
    (source,) = blocks("python")
    scope = {}
    exec(source, scope)
    tests = {name: made for name, made in scope.items() if name.startswith("test_")}
    asked_for = {name for made in tests.values() for name in made.__code__.co_varnames[: made.__code__.co_argcount]}
    assert {"speed", "counts", "run_cell", "tiny_target"} == asked_for
