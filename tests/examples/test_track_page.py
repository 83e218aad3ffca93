"""docs/how-to/track-runs.md: its tracker tracks, and its commands are understood."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import pytest

from fairforget.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "track-runs.md"
SMALL = (
    "samplers=[random]", "draws=1", "forget_size=2", "seeds=1", "methods=[untouched, grad-ascent]", "engine=inline",
    "curricula=[uniform]", "budget={updates: 1}", "evaluation.max_new_tokens=4",
)  # fmt: skip


@pytest.fixture
def pages():
    spec = importlib.util.spec_from_file_location("example_pages", Path(__file__).parent / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tracker_of_the_page_writes_its_table(tmp_path, monkeypatch, pages, capsys):
    monkeypatch.chdir(tmp_path)
    ((name, text),) = pages.files(PAGE).items()
    Path(name).write_text(text)
    (command,) = [command for command in pages.commands(PAGE) if "--plugin" in command]
    small = [part for setting in (pages.TASK, *SMALL) for part in ("--set", setting)]
    assert main([*command[1:], *small]) == 0
    records = {p.stem: json.loads(p.read_text()) for p in Path("runs/quickstart/cells").glob("*.json")}
    with Path("cells.csv").open(newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    assert rows.keys() == records.keys()
    assert len(rows) == 2
    for key, row in rows.items():
        record = records[key]
        assert row["updates"] == str(record["ledger"]["updates"])
        assert f"retain_probability={record['scores']['retain_probability']['value']}" in row["scores"].split()

    # A study that is continued tells of what is left: nothing.
    assert main([*command[1:], *small]) == 0
    assert len(Path("cells.csv").read_text().splitlines()) == 3
    capsys.readouterr()


def test_the_commands_of_the_mlflow_part(tmp_path, monkeypatch, pages, installed, capsys):
    monkeypatch.chdir(tmp_path)
    install, *runs = [command for command in pages.commands(PAGE) if "--plugin" not in command]
    assert install[:2] == ["pip", "install"]
    assert (ROOT / install[2] / "pyproject.toml").is_file()
    for command in runs:
        assert command[:2] == ["fairforget", "run"]
        assert main([*command[1:], "--dry-run"]) == 0
    # Switched on by being there, and off by the variable.
    monkeypatch.delenv("FAIRFORGET_DISABLE_PLUGINS")
    capsys.readouterr()
    assert main(["plugins", "doctor", "--json"]) == 0
    assert "fairforget-mlflow:mlflow" in json.loads(capsys.readouterr().out)["plugins"]
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget-mlflow")
    assert main(["plugins", "doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["disabled"], [p for p in found["plugins"] if "mlflow" in p]) == (["fairforget-mlflow:mlflow"], [])
