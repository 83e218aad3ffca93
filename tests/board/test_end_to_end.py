"""Boards from the command line: what is missing or mixed is said, and other machines make the same bytes."""

from __future__ import annotations

import json
import random
import shutil

import pytest

import fairforget.board.kept.reading as reading
from fairforget.board.forms.write import RENDERERS
from fairforget.cli import main
from fairforget.study.yaml_core import to_yaml

BOARD = {
    "name": "people",
    "title": "Invented people",
    "results": ["results/*"],
    "task": {"name": "biographies", "version": 1},
}
METHODS = {"npo": (0.8, 0.84), "grad-diff": (0.82, 0.7), "idk": (0.55, 0.93)}


@pytest.fixture
def study(factory):
    return [r for r in factory.make_study(draws=4, seeds=2, methods=METHODS) if _label(r) != "mrd-weighted"]


def _label(record):
    return (record["cell"]["curriculum"] or {}).get("label")


@pytest.fixture
def forms(capsys, tmp_path):
    """Make a board in every form that is text; returns them by name, with what the terminal shows."""

    def make(*arguments, code=0):
        found = {}
        for form in ("terminal", *RENDERERS):
            capsys.readouterr()
            more = [] if form == "terminal" else ["--format", form]
            assert main(["board", *map(str, arguments), *more]) == code
            found[form] = capsys.readouterr().out
        out = tmp_path / "svg"
        shutil.rmtree(out, ignore_errors=True)
        assert main(["board", *map(str, arguments), "--format", "svg", "--out", str(out)]) == code
        found |= {path.name: path.read_text() for path in sorted(out.iterdir())}
        capsys.readouterr()
        return found

    return make


def test_another_version_of_the_task_is_left_out_with_the_reason_in_every_form(study, factory, tmp_path, forms):
    factory.write(study, tmp_path / "results" / "old")
    (tmp_path / "people.yaml").write_text(to_yaml(BOARD))
    alone = json.loads(forms("--board", tmp_path / "people.yaml")["json"])
    newer = [factory.make_cell("npo", index=i, seed=s, task__version=2) for i in range(4) for s in range(2)]
    factory.write([factory.make_record(cell, 1.0, 1.0) for cell in newer], tmp_path / "results" / "new")
    found = forms("--board", tmp_path / "people.yaml")
    for form in ("terminal", "md", "html"):
        assert "of version 2 of the task; this board is about version 1" in found[form], form
    mixed = json.loads(found["json"])
    (left,) = mixed["left_out"]
    assert left["reason"] == "of version 2 of the task; this board is about version 1"
    assert len(left["keys"]) == len(newer)
    assert mixed["tables"] == alone["tables"]


def test_without_a_board_file_versions_of_a_task_have_tables_of_their_own(study, factory, tmp_path, forms):
    newer = [factory.make_cell("npo", index=i, seed=s, task__version=2) for i in range(4) for s in range(2)]
    records = [*study, *(factory.make_record(cell, 1.0, 1.0) for cell in newer)]
    factory.write(records, tmp_path / "both")
    found = forms(tmp_path / "both")
    old, new = json.loads(found["json"])["tables"]
    assert (old["task"]["version"], new["task"]["version"], new["apart"]) == (1, 2, ["task version"])
    for form in ("terminal", "md", "html"):
        assert "biographies v1" in found[form], form
        assert "biographies v2" in found[form], form
        assert "task version" in found[form], form


@pytest.mark.slow
@pytest.mark.parametrize("planned", [True, False])
def test_a_cell_that_was_removed_is_missing_in_every_form(study, factory, tmp_path, forms, planned):
    folder = tmp_path / "run"
    factory.write(study, folder)
    if planned:
        (folder / "plan.json").write_text(json.dumps({"cells": [record["key"] for record in study]}))
    whole = json.loads(forms(folder)["json"])
    assert {row["missing"] for row in whole["tables"][0]["rows"]} == {0}
    gone = next(r for r in study if r["cell"]["method"]["label"] == "npo" and r["cell"]["draw"]["stratum"] == "random")
    (folder / "cells" / f"{gone['key']}.json").unlink()
    found = forms(folder)
    for form in ("terminal", "md", "html"):
        assert "1 cell missing" in found[form], form
    board = json.loads(found["json"])
    assert board["missing"] == (1 if planned else None)
    missing = {row["label"]: (row["missing"], row["rank"], row["unranked"]) for row in board["tables"][0]["rows"]}
    assert missing["npo"] == (1, None, "1 cell missing")
    assert missing["idk"][0] == missing["grad-diff"][0] == 0


@pytest.mark.slow
def test_two_machines_make_the_same_bytes(study, factory, tmp_path, forms, monkeypatch):
    """Other folders, another order of the files, with an index and without: nothing of it is in a board."""
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "people.yaml").write_text(to_yaml(BOARD))
    flat, nested, single = (tmp_path / name for name in ("flat", "nested", "single"))
    factory.write(study, single)
    failed = next(path for path in sorted((single / "cells").iterdir()) if '"random"' in path.read_text())
    failed.write_text("{")
    files = sorted((single / "cells").iterdir())
    random.Random(1).shuffle(files)
    flat.mkdir()
    for i, path in enumerate(files):
        (flat / str(i % 3)).mkdir(exist_ok=True)
        shutil.copy(path, flat / str(i % 3) / path.name)
        leaf = nested / "biographies-v1" / "t" / f"fairforget__m{i % 5}"
        leaf.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, leaf / path.name)
    ways = {
        "one folder": [single],
        "flat folders": [flat / "2", flat / "0", flat / "1"],
        "flat folders, the other way round": [flat / "1", flat / "0", flat / "2", flat / "0"],
        "a tree": [nested],
        "a task's folder": [nested / "biographies-v1"],
    }
    for board in ([], ["--board", tmp_path / "people.yaml"]):
        wanted = forms(*ways["one folder"], *board, code=2)
        assert {f"1-{name}.svg" for name in ("ranks", "plane")} <= wanted.keys()
        assert set(RENDERERS) <= wanted.keys()
        for name, folders in ways.items():
            for indexed in (reading.INDEXED, 1, 1):  # without an index; making one; with it
                monkeypatch.setattr(reading.read_for_board, "__kwdefaults__", {"cache": None, "indexed": indexed})
                found = forms(*folders, *board, code=2)
                assert found.keys() == wanted.keys()
                for form, text in found.items():
                    assert text == wanted[form], (name, indexed, form)
    indexes = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(indexes) == 6, "one a folder"
