"""The cards of the tasks: what they list is what there is, and their studies run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fairforget.api import Metric, Task
from fairforget.cli import main
from fairforget.registry import Registry
from fairforget.run.measures.evaluate import better_of
from fairforget.study.options import build

CARDS = Path(__file__).parents[3] / "docs" / "tasks"
NAMES = ("biographies", "muse", "wmdp")


def card(name):
    return (CARDS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*NAMES, "facts"])
def test_a_card_says_what_the_task_says(name):
    registry, text = Registry.discover(), card(name)
    task = registry.load(registry.find("task", name))()
    assert isinstance(task, Task)
    assert f"Version {task.version}" in text
    assert not (number := re.search(r"arXiv:(\S+)", task.citation)) or number[1] in text
    table = re.findall(r"^\| (.*?) \|.* \| ([\w–]+) \| (\w+) \|$", text, re.MULTILINE)
    rows = {column: said for cell, *said in table for column in re.findall(r"`(\w+)`", cell)}
    uses = {use.column: use for use in task.metrics()}
    assert rows.keys() == uses.keys()
    for column, use in uses.items():
        better = better_of(use, build(registry, "metric", use.metric).of(Metric))
        averaged = use.role if use.average or use.role == "diagnostic" else "no"
        assert rows[column] == [better or "–", averaged], column


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_study_of_a_card_runs(name, local, tiny_model, tmp_path, monkeypatch):
    (study,) = re.findall(r"^```yaml\n(.*?)^```$", card(name), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "card.yaml").write_text(study)
    if name in local:
        write, read = local[name]
        write(tmp_path / "data" / name)
        kept = json.dumps({"text": "The ferry carries the lantern near the bridge."})
        (tmp_path / "data" / name / "kept.jsonl").write_text(f"{kept}\n{kept}\n")
        model = re.search(r"path: (\S+)\}", study)
        assert model is not None
        tiny_model(tmp_path / model[1], read(tmp_path / "data" / name))
    assert main(["run", "card.yaml", "--out", "out", "--set", "draws=1"]) == 0
    records = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*.json")]
    assert records
    assert {record["status"] for record in records} == {"ok"}
