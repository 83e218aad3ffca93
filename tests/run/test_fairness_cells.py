"""Many cells in one process: the target is read once and restored between them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairforget.api import PluginSpec
from fairforget.lm import models
from fairforget.registry import Registry
from fairforget.run import jobs
from fairforget.run.runtime import Runtime
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from .tiny_study import OPTIMIZER, OPTIONS

PLUGIN = '''
from fairforget import Entry, hookimpl
from fairforget.api import Method


class Breaking(Method):
    """Takes the model apart and raises."""

    def unlearn(self, run):
        run.model.lm_head = None
        raise RuntimeError("on purpose")


@hookimpl
def fairforget_methods():
    return [Entry("breaking", f"{__name__}:Breaking")]
'''


class Cells:
    def __init__(self, folder: Any) -> None:
        (folder / "breaking_plugin.py").write_text(PLUGIN)
        files = (str(folder / "breaking_plugin.py"),)
        self.task = json.dumps({"name": "biographies", "options": OPTIONS})
        self.runtime = Runtime(str(folder / "cache"), files, 1).to_json()
        self.folder = folder / "cells"
        self.registry = Registry.discover([folder / "breaking_plugin.py"])
        bench = open_workbench(self.task, "null", str(folder / "cache"), files)
        self.data, self.target, self.ids = bench.data, bench.identity["id"], [s.id for s in bench.corpus.pool]

    def run(self, method: str, start: int) -> dict[str, Any]:
        settings = {"retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None}
        cell = {
            "task": {"data": self.data},
            "target": {"id": self.target},
            "draw": {"forget": self.ids[start : start + 4], "digest": f"draw {start}"},
            "method": build(self.registry, "method", PluginSpec(method)).to_json(),
            "curriculum": None,
            "seed": 0,
            "budget": {"kind": "updates", "amount": 2, "stop": None},
            "optimizer": OPTIMIZER,
            "evaluation": {"metrics": [], **settings},
        }
        key = jobs.cell(self.task, "null", self.runtime, str(self.folder), json.dumps(cell), "{}")
        record: dict[str, Any] = json.loads(next(self.folder.rglob(f"{key}.json")).read_text())
        return record


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return Cells(tmp_path_factory.mktemp("cells"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that are read from a folder."""
    from fairforget.run.targets import target

    found: list[str] = []

    def read(base: Any, **options: Any) -> Any:
        found.append(base.path)
        return models.load_pretrained(base, **options)

    monkeypatch.setattr(target, "load_pretrained", read)
    return found


def test_cells_of_one_process_read_the_target_once(cells: Cells, reads: list[str]) -> None:
    for start in range(4):
        assert cells.run("grad-diff", start)["status"] == "ok"
        assert cells.run("npo", start)["status"] == "ok"
    assert reads == []


def test_a_model_that_a_method_took_apart_is_of_no_concern_to_the_next_cell(cells: Cells, reads: list[str]) -> None:
    before = cells.run("grad-diff", 0)
    assert cells.run("breaking", 0)["status"] == "failed"
    after = cells.run("grad-diff", 0)
    assert after["ledger"]["visits"] == before["ledger"]["visits"]
    assert after["status"] == "ok"
    assert reads == []
