"""The gate on the real study: an unchanged tree passes on any number of threads, a lost two margins does not."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fairforget.testing.quality import Quality, QualityFell
from fairforget.testing.quality.gate import MARGIN
from fairforget.testing.quality.words import line

ROOT = Path(__file__).parents[2]
GATES = ROOT / "benchmarks" / "quality"


@pytest.fixture
def gate(tmp_path):
    return Quality(GATES / "baselines", lambda: tmp_path / "run")


def test_the_gates_are_those_of_the_baselines():
    spec = importlib.util.spec_from_file_location("gates", GATES / "test_quality.py")
    gates = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gates)
    assert sorted(gates.METHODS) == sorted(path.stem for path in (GATES / "baselines").glob("*.json"))


@pytest.mark.slow
def test_a_method_that_loses_two_margins_is_red(gate, monkeypatch):
    """Somebody weighs the forget loss by a quarter: completeness falls by 0.11 where 0.05 is allowed."""
    from fairforget_methods.grad_diff import GradDiff

    healthy = GradDiff.loss
    monkeypatch.setattr(GradDiff, "loss", lambda self, *args: healthy(replace(self, forget_weight=0.25), *args))
    told = []
    with pytest.raises(QualityFell, match=r"^grad-diff: completeness fell by 0\.1\d+ \[0\.0") as found:
        replace(gate, tell=told.extend)("grad-diff")
    fell, kept = told
    assert (fell.role, fell.verdict, fell.margin) == ("completeness", "worse", MARGIN)
    assert -2.5 * MARGIN < fell.change < -1.9 * MARGIN
    assert (kept.role, kept.verdict) == ("utility", "not worse")
    assert "worst items: p0" in str(found.value)


@pytest.mark.slow
def test_an_unchanged_tree_passes(gate):
    told = []
    replace(gate, tell=told.extend)("npo")
    as_good(map(line, told))


@pytest.mark.slow
def test_an_unchanged_tree_passes_on_two_threads(tmp_path):
    """In a process of its own, with a target that is trained there from nothing."""
    environ = os.environ | {
        "OMP_NUM_THREADS": "2",
        "FAIRFORGET_CACHE": str(tmp_path / "cache"),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin for each other get nowhere on a machine that is busy
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        str(GATES / "test_quality.py"),
        "-k",
        "npo",
    ]
    ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    as_good(text for text in ran.stdout.splitlines() if text.startswith("npo: "))


def as_good(lines):
    """Both columns of npo are as they were, or nearly."""
    found = list(lines)
    assert len(found) == 2
    assert all(text.startswith("npo: ") for text in found)
    assert all(text.endswith(("the same to the last bit", "not worse")) for text in found), found
