"""What the pages of the examples show is what works, and what they are is as it should be."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fairforget.api import Sample
from fairforget.cli import main
from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

ROOT = Path(__file__).parents[2]
# What makes a study of a page small enough to be run here; the rest of the command stays as it is.
BIOGRAPHIES = ("samplers=[random]", "forget_size=2", "seeds=1")
SMALL = ("draws=1", "budget={updates: 1}", "evaluation.max_new_tokens=4", "engine=inline")
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
        said = command[1:]
        if said[0] == "run":
            small = (pages.TASK, *BIOGRAPHIES, *SMALL) if said[1] == "quickstart" else ("task.epochs=1", *SMALL)
            said += [part for setting in small for part in ("--set", setting)]
        assert main(said) == 0, command
        if said[0] == "run":
            out = Path(said[said.index("--out") + 1])
            records = [json.loads(path.read_text()) for path in (out / "cells").glob("*.json")]
            assert {record["status"] for record in records} == {"ok"}
            assert (out / "board.html").is_file()
    monkeypatch.setitem(sys.modules, "my_package", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "my_package.trainers", SimpleNamespace(MyTrainer=lambda **given: given))
    for block in pages.blocks(page, "python"):
        space = {"__name__": "page"}
        exec(compile(block, str(page), "exec", dont_inherit=True), space)
        USED[folder.name](space["Mine"]())
    assert capsys.readouterr().out


def trains(mine):
    assert mine.trainer(model="m", args="a") == {"gamma": 1.0, "model": "m", "args": "a"}


def orders(mine):
    samples = [Sample(str(i), "", "text") for i in range(5)]
    assert sorted(mine.order(samples, None, np.random.default_rng(0))) == [0, 1, 2, 3, 4]


USED = {"fairforget-trainer": trains, "fairforget-torch-sampler": orders}
"""What the class of a page is for."""


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
