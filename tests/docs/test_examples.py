"""What README and docs show is what works."""

import re
import shlex
from pathlib import Path

import pytest

from fairforget.cli import main
from fairforget.cli.commands import COMMANDS
from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


def test_the_study_of_the_readme_is_valid(registry):
    (study,) = blocks(README, "yaml")
    plan = make_plan(parse_study(study).study, registry)
    assert len(plan) == 4 * (10 + 1 + 10 * 2 * 2)


def test_the_method_of_the_readme_runs_from_its_file(tmp_path, monkeypatch, capsys):
    (source,) = blocks(README, "python")
    assert sum(bool(line.strip()) for line in source.splitlines()) <= 10
    (tmp_path / "sleepy.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    command = next(line for block in blocks(README, "console") for line in block.splitlines() if "--plugin" in line)
    assert main([*shlex.split(command.removeprefix("$ fairforget ")), "--dry-run"]) == 0
    assert "sleepy" in capsys.readouterr().out


@pytest.mark.parametrize("study", sorted((ROOT / "examples" / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_the_studies_of_the_examples_are_valid(study, capsys):
    assert main(["run", str(study), "--dry-run"]) == 0
    assert "forward-equivalents" in capsys.readouterr().out


def test_every_command_is_documented_with_every_option(capsys):
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`fairforget {command.name}" in README
        section = re.search(rf"^## `fairforget {command.name}[ `].*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        assert section is not None, command.name
        assert main([command.name, "--help"]) == 0
        for option in set(re.findall(r"^ +(--[a-z][a-z-]+)", capsys.readouterr().out, re.MULTILINE)) - {"--help"}:
            assert option in section[0], f"{command.name} {option}"


@pytest.mark.slow
def test_the_report_of_the_commands_page_is_written(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\$ fairforget (score .*)$", "".join(blocks(page, "console")), re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    # A target that is trained in a second instead of a minute.
    small = {"epochs": 1, "samples": 2, "hidden_size": 16, "layers": 1, "vocabulary": 512, "world_facts": 0}
    arguments = [part for key, value in small.items() for part in ("--set", f"task.{key}={value}")]
    assert main([*shlex.split(command), *arguments]) == 0
    listed = capsys.readouterr().out.splitlines()[-5:]
    assert listed[0] == "reports/first/report.md"
    assert all((tmp_path / line).is_file() for line in listed)
    text = (tmp_path / listed[0]).read_text()
    for said in ("length", "initial-probability", "rare-words", "Table 7", "Fig. 5", "given length"):
        assert said in text


def test_what_the_readme_lists_is_installed(registry):
    for kind in ("task", "method", "curriculum", "sampler", "difficulty", "engine"):
        for entry in registry.entries(kind):
            assert entry.dist != "fairforget" or f"`{entry.name}`" in README, f"{kind} {entry.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
