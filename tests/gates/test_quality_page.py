"""What the page gate-your-regressions says of quality, and the workflow beside it."""

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest
import scipy.special  # noqa: F401 - runs inside this process forget what they imported, and numpy loads but once
import yaml

from fairforget.testing.quality import __main__ as command
from fairforget.testing.quality import gate, measuring
from fairforget.testing.quality.baseline import read_baseline
from fairforget.testing.quality.values import Column, Scores

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "gate-your-regressions.md").read_text(encoding="utf-8")
QUALITY = re.search(r"^## Quality\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
WORKFLOW = ROOT / "docs" / "how-to" / "quality-gate.yml"
GATE = ["python", "-m", "fairforget.testing.quality"]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", QUALITY, re.MULTILINE | re.DOTALL)


CONSOLE = [
    shlex.split(line.removeprefix("$ "), comments=True)
    for block in blocks("console")
    for line in block.splitlines()
    if line.startswith("$ ")
]


class NothingToTell:
    rejected = ()

    def fails(self, on):
        return ()


@pytest.fixture
def asked(monkeypatch):
    """What comparisons were asked for; none is made."""
    found = []

    def record(base, head, runs):
        found.append((base, head, runs))
        return NothingToTell()

    monkeypatch.setattr(command, "compare_revisions", record)
    monkeypatch.setattr("fairforget.compare.markdown.render_markdown", lambda found: "# page\n")
    monkeypatch.setattr("fairforget.compare.terminal.render_terminal", lambda found: "page\n")
    return found


@pytest.fixture
def measured(monkeypatch):
    """Methods are not run: what they would reach is made up."""

    def scores(name, method, **_):
        items = {f"d{d}": {f"p{d}-{i}": 0.01 * (d + i) for i in range(4)} for d in range(3)}
        values = {draw: sum(found.values()) / 4 for draw, found in items.items()}
        column = Column("completeness", "forget", values, items)
        return Scores(name, dict(method), {}, {"forget_ua": column}, {"random": list(items)})

    monkeypatch.setattr(measuring, "measure_method", scores)


def run(pytester, *options):
    return pytester.runpytest("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", *options)


def test_the_test_of_the_page_writes_a_baseline_and_passes(pytester, measured):
    pytester.makepyfile(test_page=blocks("python")[0])
    run(pytester).assert_outcomes(failed=1)
    run(pytester, *CONSOLE[0][1:]).assert_outcomes(passed=1)
    assert read_baseline(pytester.path / "baselines" / "sleepy.json").scores.subject == {"name": "sleepy"}
    run(pytester, *CONSOLE[1][1:]).assert_outcomes(passed=1)
    run(pytester, *CONSOLE[2][1:]).assert_outcomes(passed=1)
    assert "| sleepy | completeness |" in (pytester.path / "summary.md").read_text()


def test_the_test_of_scores_of_its_own_runs(pytester):
    pytester.makepyfile(test_page=blocks("python")[1])
    run(pytester, "--quality-update").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("words", CONSOLE, ids=" ".join)
def test_the_commands_are_understood(words, asked, pytester, capsys):
    if words[0] == "pytest":
        pytester.makepyfile("def test_it(): pass")
        run(pytester, *words[1:]).assert_outcomes(passed=1)
        return
    assert words[:3] == GATE
    assert command.main(words[3:]) == 0
    ((base, head, runs),) = asked
    assert (base, head) == ("origin/main", None)
    assert (runs.study, runs.settings) in {("quality", ("methods=[untouched, sleepy]",)), ("gate.yaml", ())}


def test_the_tox_environments_can_be_read_and_their_commands_are_understood(asked, capsys):
    (shown,) = blocks("ini")
    parsed = ConfigParser()
    parsed.read_string(shown)
    assert shlex.split(parsed["testenv:quality"]["commands"])[:2] == ["pytest", "tests/quality"]
    for text in (parsed["testenv:compare"]["commands"], _own("compare")):
        words = shlex.split(text.replace("{posargs:origin/main}", "origin/main"))
        assert words[:3] == GATE
        assert command.main(words[3:]) == 0
    assert asked[0][2].settings == ("methods=[untouched, sleepy]",)
    assert asked[1][2].sources == ("harness", "plugins")
    assert _own("quality") == "pytest benchmarks{/}quality {posargs}"


def _own(environment):
    parsed = ConfigParser(interpolation=None)
    parsed.read(ROOT / "tox.ini", encoding="utf-8")
    return parsed[f"testenv:{environment}"]["commands"]


def test_the_workflow_is_the_one_beside_the_page_and_its_commands_are_understood(asked, pytester, capsys):
    (shown,) = blocks("yaml")
    assert shown == WORKFLOW.read_text(encoding="utf-8")
    found = yaml.safe_load(shown)
    assert found[True] == {"pull_request": None}  # YAML 1.1 reads "on" so; the service does not mind
    steps = found["jobs"]["quality"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    _, gates, compared = (shlex.split(step["run"]) for step in steps if "run" in step)
    pytester.mkpydir("tests").joinpath("quality").mkdir()
    pytester.path.joinpath("tests", "quality", "test_it.py").write_text("def test_it(): pass")
    assert gates[0] == "pytest"
    run(pytester, *gates[1:]).assert_outcomes(passed=1)
    assert compared[:3] == GATE
    until = compared.index(">>")
    assert command.main(compared[3:until]) == 0
    assert asked[0][0] == "origin/$GITHUB_BASE_REF"
    assert capsys.readouterr().out.endswith("# page\n")


def test_its_numbers_are_those_of_the_code():
    assert f"({gate.MARGIN}, or what `margin=` says)" in QUALITY
    assert f"The margin is {gate.MARGIN}" in re.sub(r"\s+", " ", QUALITY)
    sizes = [path.stat().st_size for path in (ROOT / "benchmarks" / "quality" / "baselines").glob("*.json")]
    assert all(18_000 < size < 23_000 for size in sizes), "some 20 kB"
    study = yaml.safe_load((ROOT / "plugins" / "fairforget_tasks" / "studies" / "quality.yaml").read_text())
    assert study["draws"] == 12
    assert "twelve small forget sets" in QUALITY
    assert ", ".join(f"`{m}`" for m in study["methods"][:-1]) + f" and `{study['methods'][-1]}`" in QUALITY
