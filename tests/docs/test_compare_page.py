"""What the page on comparing shows is what works."""

import importlib.util
import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml

from fairforget.cli import main
from fairforget.compare.identity import PARTS
from fairforget.compare.values import Verdict

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "compare.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


COMMANDS = [line.removeprefix("$ fairforget ") for block in blocks("console") for line in block.splitlines()]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The folders of the page: what changed is within 0.02, and cannot be told without a margin."""
    path = ROOT / "tests" / "board" / "factory.py"
    spec = importlib.util.spec_from_file_location("record_factory", path)
    factory = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(factory)
    rng = np.random.default_rng(2)
    for name, spread in (("base", 0.0), ("head", 0.001)):
        values = 0.7 + spread * rng.normal(size=10)
        cells = [factory.make_record(factory.make_cell(index=i), v, v) for i, v in enumerate(map(float, values))]
        factory.write(cells, tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "compare " in c])
def test_the_comparisons_are_made(command, runs, capsys):
    assert main(shlex.split(command)) == 0
    out, err = capsys.readouterr()
    assert "verdict" in out
    assert err == ""


@pytest.mark.parametrize("command", sorted({c for c in COMMANDS if "compare " not in c}))
def test_the_runs_can_be_made(command, capsys):
    assert main([*shlex.split(command), "--dry-run"]) == 0
    assert "cells" in capsys.readouterr().out


def test_the_job_makes_the_same_comparison():
    (job,) = blocks("yaml")
    steps = [step["run"] for step in yaml.safe_load(job)]
    assert all(f"fairforget {c}" in " ".join(steps) for c in COMMANDS if c.startswith("run"))
    assert "fairforget compare runs/base runs/head" in steps[-1]


def test_the_python_runs(runs, capsys):
    (source,) = blocks("python")
    exec(source, {})
    assert "verdict" in capsys.readouterr().out


def test_every_verdict_is_explained_and_every_column_is_there(runs, capsys):
    assert set(re.findall(r"^\| `([a-z ]+)` \|", PAGE, re.MULTILINE)) == set(get_args(Verdict))
    assert main(["compare", "runs/base", "runs/head"]) == 0
    out = capsys.readouterr().out
    assert "to tell" in out


def test_the_table_of_the_page_has_the_columns_that_are_printed(runs, capsys):
    (shown,) = blocks("text")
    assert main(["compare", "runs/base", "runs/head"]) == 0
    printed = capsys.readouterr().out.splitlines()
    lines = shown.splitlines()
    assert lines[1].split() == printed[1].split()
    found = re.search(r" (-0\.\d+) ± .* (\d+) sets .* ±(0\.\d+)\)", lines[2])
    difference, sets, seen = float(found[1]), int(found[2]), float(found[3])
    text = " ".join(PAGE.split())
    assert f"fell by {-difference:.3f}" in text
    assert f"have to be {seen:.2f} to show" in text
    assert f"{sets} sets would show a difference like this one four times out of five" in text
    assert f"`--set draws={sets} --set task.people=64`" in text


def test_the_comparison_of_the_page_holds_together():
    """The interval, what would tell and what these show follow from one standard deviation of five differences."""
    from fairforget.stats.power import detectable, draws_to_tell

    shown = re.search(r" (-0\.\d+) ± (\d\.\d+) .* (\d+) sets \(these show ±(0\.\d+)\)", blocks("text")[0])
    difference, half, sets, seen = (float(number) for number in shown.groups())
    sd = half * 5**0.5 / 2.776
    assert detectable(sd, 5) == pytest.approx(seen, abs=0.001)
    assert draws_to_tell(difference, sd) == pytest.approx(sets, abs=1)


def test_the_larger_pool_of_the_page_is_large_enough(capsys):
    options = ["--set", "draws=13", "--set", "task.people=64", "--set", "samplers=[random]"]
    assert main(["run", "quickstart", "--dry-run", *options]) == 0
    assert "cannot run" not in capsys.readouterr().out


def test_everything_that_parts_cells_is_named():
    (said,) = re.findall(r"Those that are equal in (.*?)\. Versions", PAGE, re.DOTALL)
    words = " ".join(said.split())
    for part in PARTS:
        assert all(word in words for word in part.removesuffix("s").split()), part
