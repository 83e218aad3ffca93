"""A study as jobs of submitit: one is preempted in the middle of a cell, and nothing shows it but the log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

pytest.importorskip("submitit", reason="needs submitit, the extra 'submitit' of fairforget")

pytestmark = pytest.mark.slow

BROKEN = """
from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

class Broken(LossMethod):
    def loss(self, model, batch):
        print("about to break")
        raise ZeroDivisionError("broken")

@hookimpl
def fairforget_methods():
    return [Entry("broken", ":Broken", "breaks")]
"""


def task_in_a_cell(out):
    """Stop a process that is in the middle of a cell, with cells done before it; return it, or None."""
    for live in out.glob("jobs/*/live/*.json"):
        outcome = live.parent.parent / "outcomes" / live.name
        if not outcome.with_suffix(".begun").exists() or not list((out / "cells").glob("*.json")):
            continue
        try:
            (task,) = psutil.Process(int(json.loads(live.read_text())["job"])).children()
            task.suspend()
        except (ValueError, psutil.Error, OSError):
            continue
        if not outcome.exists():
            return task
        task.resume()
    return None


def test_a_study_with_a_preempted_job_has_the_same_numbers(finished_lab, lab):
    command = [sys.executable, "-m", "fairforget", "run", str(lab.file), "--out", str(lab.out)]
    command += ["--engine", "submitit:2"]
    options = ("engine.cluster=local", "engine.poll_seconds=0.1", "engine.cells_per_job=16")
    command += [word for option in options for word in ("--set", option)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    end = time.monotonic() + 300
    while (task := task_in_a_cell(lab.out)) is None:
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.01)
    task.send_signal(signal.SIGUSR2)
    task.resume()
    _, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    logs = [path.read_text() for path in lab.out.glob("jobs/*/*_log.*")]
    assert sum("Requeued job" in text for text in logs) == 1
    assert lab.measured() == finished_lab.measured()


def test_the_record_of_a_failed_cell_names_the_log_of_its_job(lab):
    plugin = lab.folder / "breaking.py"
    plugin.write_text(BROKEN)
    settings = ("engine.cluster=local", "engine.poll_seconds=0.1", "engine.cells_per_job=4", "samplers=[random]")
    words = [word for setting in (*settings, "methods=[untouched, broken]") for word in ("--set", setting)]
    assert lab.run("--plugin", str(plugin), "--engine", "submitit:1", *words) == 1
    failed = [record for record in lab.records().values() if record["status"] == "failed"]
    assert len(failed) == 3
    for record in failed:
        (problem,) = record["problems"]
        log = lab.out / problem["log"]
        assert "ZeroDivisionError: broken" in problem["traceback"]
        assert log.suffix == ".err"
        assert "about to break" in log.with_suffix(".out").read_text()
