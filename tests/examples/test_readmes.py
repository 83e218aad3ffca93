"""What the pages of the examples show is what works, and what they are is as it should be."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fairforget.cli import main
from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

ROOT = Path(__file__).parents[2]
FOLDERS = [file.parent for file in sorted((ROOT / "examples").glob("*/pyproject.toml"))]


@pytest.fixture
def pages():
    spec = importlib.util.spec_from_file_location("example_pages", Path(__file__).parent / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_page_of_an_example_works(folder, pages, installed, tmp_path, monkeypatch, capsys):
    page = folder / "README.md"
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for block in pages.blocks(page, "yaml"):
        name = re.match(r"name: (\S+)\n", block)[1]
        Path(f"{name}.yaml").write_text(block)
        assert len(make_plan(parse_study(block).study, Registry.discover()))
    ours = [command for command in pages.commands(page) if command[0] == "fairforget"]
    assert ours
    for command in ours:
        dry = ["--dry-run"] if command[1] == "run" else []
        assert main([*command[1:], *dry]) == 0, command
    for block in pages.blocks(page, "python"):
        exec(compile(block, str(page), "exec", dont_inherit=True), {"__name__": "page"})
    assert capsys.readouterr().out


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_everything_it_brings_can_be_loaded(folder, installed):
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    registry = Registry.discover(environ={})
    assert registry.problems == ()
    for entry in registry.entries():
        if entry.dist == project["name"]:
            assert registry.load(entry)
            assert entry.summary
            assert f"`{entry.name}`" in (folder / "README.md").read_text()
    assert "fairforget" in project["dependencies"]
    assert list((folder / "tests").glob("test_*.py"))


def test_listing_them_imports_nothing_heavy(installed):
    heavy = "torch transformers numpy pydantic mlflow lm_eval datasets".split()
    code = (
        "import sys; from fairforget.registry import Registry; found = Registry.discover(environ={}); "
        f"assert not found.problems; print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before = subprocess.run(
        [sys.executable, "-c", f"import sys, fairforget.registry; print([m for m in {heavy} if m in sys.modules])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == before.stdout == "[]\n"


def test_continuous_integration_builds_and_tests_them_all():
    """Their own tests run on wheels: by one script, in .ci/run and in tox."""
    assert "examples/thirdparty.py" in (ROOT / ".ci" / "run").read_text()
    assert "thirdparty.py" in (ROOT / "tox.ini").read_text()
    assert "examples/thirdparty.py" in (ROOT / "CONTRIBUTING.md").read_text()
