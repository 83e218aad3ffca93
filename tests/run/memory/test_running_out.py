"""What is said where memory runs out outside of a cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from fairforget.errors import MachineFault
from fairforget.run import work
from fairforget.run.problem import memory_told
from fairforget.run.runtime import Runtime

TASK = json.dumps(
    {
        "name": "biographies",
        "options": {
            "people": 4, "retain_people": 2, "holdout_people": 0, "samples": 1, "world_facts": 0, "frequencies": [1],
            "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 16, "layers": 1,
            "vocabulary": 300, "epochs": 1,
        },
    }
)  # fmt: skip


def too_much() -> None:
    torch.empty(1 << 62, dtype=torch.uint8)


def test_making_a_target_and_scoring_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(str(tmp_path), (), 1).to_json()
    with monkeypatch.context() as patched:
        patched.setattr(work, "token_scores", lambda *_: too_much())
        with pytest.raises(MachineFault, match=r"while the target was made .*gradient_checkpointing.*run the same"):
            work.prepare(TASK, "null", runtime)
    difficulty = json.dumps({"name": "loss", "options": {}})
    with monkeypatch.context() as patched:
        patched.setattr(work, "score_samples", lambda *_: too_much())
        with pytest.raises(MachineFault, match=r"memory ran out while the pool was scored by loss \(RuntimeError: "):
            work.score(TASK, "null", runtime, difficulty)
    assert json.loads(work.score(TASK, "null", runtime, difficulty))["values"]


@pytest.mark.parametrize("error", [ValueError("no"), RuntimeError("shapes"), KeyboardInterrupt()])
def test_what_is_not_of_memory_passes(error: BaseException) -> None:
    with pytest.raises(type(error)), memory_told("something was done"):
        raise error
