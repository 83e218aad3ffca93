"""A cell whose model is split over two processes is the cell of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from fairforget.cli import main
from fairforget.engines.fsdp import Fsdp
from fairforget.engines.torchrun import main as alone
from fairforget.errors import FairforgetError, WorkerDied
from fairforget.run.updates import trainer
from fairforget.run.updates.trainer import ModelTrainer

STUDY = """
name: split
task: {name: biographies, people: 12, retain_people: 6, holdout_people: 6, samples: 3, frequencies: [1, 2],
       distributions: [in], lengths: [short], epochs: 4}
samplers: [{name: binned, by: mrd, bins: 2}]
draws: 1
forget_size: 6
methods: [{name: npo, beta: 0.1}, task-vector, retrain]
curricula: [uniform]
seeds: 1
budget: {epochs: 2}
optimizer: {name: adamw, lr: 1.0e-3, batch_size: 4, max_grad_norm: 1.0}
"""
ADAMW = {"name": "adamw", "lr": 1e-3, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.0}
SOPHIA = {**ADAMW, "name": "sophia", "rho": 0.04, "hessian_every": 2}
WHOLE_ONLY = {
    "nothing": ADAMW,
    "adapter": {**ADAMW, "adapter": {"r": 4, "alpha": 8}},
    "sophia": {**SOPHIA, "hessian": "gnb"},
}


def run(folder, monkeypatch, engine, text=STUDY):
    """Run a study with a cache of its own; return its records by cell, and the scores of its pool."""
    folder.mkdir()
    monkeypatch.setenv("FAIRFORGET_CACHE", str(folder / "cache"))
    (folder / "study.yaml").write_text(text)
    code = main(["run", str(folder / "study.yaml"), "--out", str(folder / "out"), "--engine", engine])
    found = [json.loads(path.read_text()) for path in sorted((folder / "out" / "cells").glob("*.json"))]
    scores = [json.loads(path.read_text())["content"] for path in (folder / "cache" / "scores").glob("*.json")]
    return code, found, scores


def counted(ledger):
    """What a ledger counts, without what it times."""
    if isinstance(ledger, dict):
        return {k: counted(v) for k, v in ledger.items() if k not in ("seconds", "peak_memory_bytes")}
    return ledger


@pytest.mark.slow
def test_scores_unlearning_and_evaluation_are_those_of_one_process(tmp_path, monkeypatch):
    code, whole, (mrd,) = run(tmp_path / "whole", monkeypatch, "inline")
    assert code == 0
    code, split, (split_mrd,) = run(tmp_path / "split", monkeypatch, "fsdp:2")
    assert code == 0
    np.testing.assert_allclose(split_mrd["values"], mrd["values"], rtol=1e-4)
    assert counted(split_mrd["ledger"]) == counted(mrd["ledger"])
    assert len(split) == len(whole) == 6
    for one, other in zip(split, whole, strict=True):
        assert one["cell"] == other["cell"]
        assert one["problems"] == other["problems"]
        assert counted(one["ledger"]) == counted(other["ledger"])
        for column, score in other["scores"].items():
            assert one["scores"][column]["value"] == pytest.approx(score["value"], rel=1e-4, abs=1e-4), column
        for column, items in other["items"].items():
            assert one["items"][column] == pytest.approx(items, rel=1e-4, abs=1e-4), column
    moved = {one["cell"]["method"]["name"]: one["scores"]["retain_perplexity"]["value"] for one in whole}
    assert len(set(moved.values())) == 3


@pytest.mark.parametrize("name", WHOLE_ONLY)
def test_what_needs_whole_weights_is_refused(monkeypatch, name):
    model = torch.nn.Linear(2, 2)
    made = partial(ModelTrainer, model, identity=("x",), seen=list)
    assert made(WHOLE_ONLY["nothing"])
    monkeypatch.setattr(trainer, "split_model", lambda found: found is model)
    if name == "nothing":
        assert made(WHOLE_ONLY[name])
        return
    with pytest.raises(FairforgetError, match=r"split over processes.*--engine local"):
        made(WHOLE_ONLY[name])


@pytest.mark.slow
def test_the_command_of_the_page_runs(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "large-models.md").read_text()
    (command,) = [line for line in page.splitlines() if line.startswith("$ fairforget run")]
    words = command.split()[2:]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    assert words[1] == "quickstart"
    few = ["task.epochs=1", "task.people=8", "task.retain_people=4", "task.holdout_people=4", "task.hidden_size=64"]
    few += ["samplers=[random]", "draws=1", "methods=[grad-ascent]", "budget={updates: 2}"]
    assert main([*words, *(f"--set={setting}" for setting in few)]) == 0
    assert len(list((tmp_path / words[3] / "cells").glob("*.json"))) == 1


RANK = "__import__('torch').distributed.get_rank()"
TOGETHER = f"""
import os
from fairforget.run import group
assert (group.size(), group.leads()) == (2, {RANK} == 0)
found = group.from_first(lambda: os.getpid() if group.leads() else 1 / 0)
assert (found == os.getpid()) == group.leads()
try:
    group.from_first(lambda: {{}}["lost"])
except KeyError:
    pass
else:
    raise AssertionError("the first one's error is everybody's")
"""


def test_processes_know_each_other_and_live_on():
    with Fsdp(workers=2).open() as executor:
        assert executor.submit(exec, TOGETHER, {}).result(timeout=120) is None
        first = executor.submit(os.getpid).result(timeout=60)
        assert executor.submit(os.getpid).result(timeout=60) == first != os.getpid()


ALONE = {
    "one raises": (f"1 / 0 if {RANK} == 1 else __import__('torch').distributed.barrier()", ZeroDivisionError),
    "the first raises": (f"1 / 0 if {RANK} == 0 else __import__('torch').distributed.barrier()", ZeroDivisionError),
    "all raise": ("int('x')", ValueError),
    "one dies": (f"os._exit(9) if {RANK} == 1 else __import__('torch').distributed.barrier()", WorkerDied),
}


@pytest.mark.parametrize("case", ALONE)
def test_where_one_is_out_the_job_fails_and_the_next_one_has_new_processes(case, monkeypatch):
    monkeypatch.setattr("fairforget.engines.team._PATIENCE", 0.5)
    code, error = ALONE[case]
    with Fsdp(workers=2).open() as executor:
        bad = executor.submit(exec, f"import os\n{code}", {})
        with pytest.raises(error):
            bad.result(timeout=120)
        assert executor.submit(exec, TOGETHER, {}).result(timeout=120) is None


def test_processes_end_with_the_engine():
    with Fsdp(workers=2).open() as executor:
        executor.submit(exec, TOGETHER, {}).result(timeout=120)
        pool = executor._pool
        (team,) = pool._workers
        pids = [worker.process.pid for worker in team._workers]
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_a_study_says_how_many_processes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "study.yaml").write_text(STUDY)
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--engine", "fsdp:0"]) == 2
    assert "workers" in capsys.readouterr().err
    assert Fsdp(workers=2).slots() == 1


def torchrun(folder, *words):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    settings = {**os.environ, "FAIRFORGET_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command += ["-m", "fairforget.engines.torchrun", *words]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_the_processes_of_torchrun_do_the_same(tmp_path, monkeypatch):
    text = STUDY.replace("[{name: npo, beta: 0.1}, task-vector, retrain]", "[{name: npo, beta: 0.1}]")
    code, whole, (mrd,) = run(tmp_path / "whole", monkeypatch, "inline", text)
    assert code == 0
    (tmp_path / "study.yaml").write_text(text)
    done = torchrun(tmp_path, "run", "study.yaml", "--out", "out")
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "cache" / "scores").glob("*.json")
    np.testing.assert_allclose(json.loads(path.read_text())["content"]["values"], mrd["values"], rtol=1e-4)
    for other in whole:
        one = json.loads((tmp_path / "out" / "cells" / f"{other['key']}.json").read_text())
        assert counted(one["ledger"]) == counted(other["ledger"])
        for column, score in other["scores"].items():
            assert one["scores"][column]["value"] == pytest.approx(score["value"], rel=1e-4, abs=1e-4), column
    again = torchrun(tmp_path, "run", "nothing.yaml")
    assert again.returncode != 0
    assert "nothing.yaml" in again.stderr


def test_the_engine_torchrun_says_how_it_is_started(tmp_path, monkeypatch, capsys):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "study.yaml").write_text(STUDY)
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--engine", "torchrun"]) == 2
    assert "torchrun --nproc-per-node" in capsys.readouterr().err
    assert alone(["run"]) == 2
    assert "torchrun --nproc-per-node" in capsys.readouterr().err
