"""Gradient checkpointing in a model that is split over processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fairforget.cli import main

STUDY = """
name: split
task: {name: biographies, people: 12, retain_people: 6, holdout_people: 6, samples: 3, frequencies: [1, 2],
       distributions: [in], lengths: [short], epochs: 2, layers: 3, hidden_size: 64}
draws: 1
forget_size: 6
methods: [npo]
budget: {epochs: 1}
optimizer: {name: adamw, lr: 1.0e-3, batch_size: 4, max_grad_norm: 1.0}
"""


@pytest.mark.slow
def test_a_split_cell_has_the_numbers_of_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "study.yaml").write_text(STUDY)
    found: list[dict[str, Any]] = []
    for engine, wanted in (("inline", "false"), ("fsdp:2", "true")):
        out = tmp_path / engine.partition(":")[0]
        command = ["run", str(tmp_path / "study.yaml"), "--out", str(out), "--engine", engine]
        assert main([*command, "--set", f"model.gradient_checkpointing={wanted}"]) == 0
        found += [json.loads(path.read_text()) for path in (out / "cells").glob("*.json")]
    whole, split = found
    assert split["key"] == whole["key"]
    for phase in ("unlearning", "reference", "evaluation"):
        counts = [{k: v for k, v in one["ledger"][phase].items() if k != "seconds"} for one in (whole, split)]
        assert counts[0] == counts[1]
    for column, items in whole["items"].items():
        assert split["items"][column] == pytest.approx(items, rel=1e-4, abs=1e-4), column
