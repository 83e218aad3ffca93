"""The scripts that measure what scale.md gives: they run, on little."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.scale.flops import forward, training
from fairforget.scale.shapes import Shape

SCRIPTS = Path(__file__).parents[2] / "benchmarks/scale"


@pytest.fixture
def seconds():
    spec = importlib.util.spec_from_file_location("seconds_of_steps", SCRIPTS / "seconds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_seconds_of_steps(seconds, monkeypatch):
    monkeypatch.setattr(seconds, "ROUNDS", 1)
    shape = Shape("tiny", 40, 16, 16, 1, 2, 2, tied=True)
    found = seconds.steps(shape, 12)
    labelled = seconds.WIDTH - seconds.START
    assert [name.partition(",")[0] for name in found] == [
        "training", "scoring", "updates", "log-probabilities", "generation",
    ]  # fmt: skip
    flops = {name.partition(",")[0]: flops for name, (flops, _) in found.items()}
    assert flops["training"] == training(shape, 12, seconds.WIDTH, labelled)
    assert flops["updates"] == 2 * flops["training"]
    assert flops["scoring"] == seconds.PASSES * forward(shape, 12, seconds.WIDTH, labelled - 1)
    assert all(spent > 0 for _, spent in found.values())


def test_planning():
    command = [sys.executable, str(SCRIPTS / "planning.py"), "--cells", "400"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert re.fullmatch(r" +400 cells, \d+ MB: imports .*, cells and keys \d+\.\d\d s, .*, a part \d+\.\d\d s\n", said)
