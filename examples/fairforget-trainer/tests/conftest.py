"""A study that takes seconds, and what it wrote."""

from __future__ import annotations

import json
import os

import pytest

os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import fairforget

STUDY = {
    "name": "trainers",
    "task": {
        "name": "biographies", "people": 6, "retain_people": 4, "holdout_people": 4, "samples": 2, "world_facts": 3,
        "frequencies": [2], "distributions": ["in"], "lengths": ["short", "long"], "rare_words": [0],
        "hidden_size": 32, "layers": 1, "vocabulary": 400, "epochs": 3,
    },
    "draws": 1,
    "forget_size": 6,
    "budget": {"epochs": 3},
    "optimizer": {"lr": 1.0e-3, "batch_size": 4, "max_grad_norm": 1.0, "warmup": 2},
    "evaluation": {"max_new_tokens": 8},
    "engine": "inline",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    os.environ["FAIRFORGET_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def study(tmp_path):
    """Run methods in one study; returns their records by label."""

    def run(*methods, plugins=(), **changes):
        labelled = [{"label": f"m{i}", **({"name": m} if isinstance(m, str) else m)} for i, m in enumerate(methods)]
        asked = {**STUDY, "methods": labelled, **changes}
        out = tmp_path / "out"
        fairforget.run(asked, out, plugins=plugins)
        records = [json.loads(path.read_text()) for path in (out / "cells").glob("*.json")]
        by_method = {json.dumps([r["cell"]["method"][k] for k in ("name", "options")]): r for r in records}
        assert len(by_method) == len(methods)
        return list(by_method.values())

    return run
