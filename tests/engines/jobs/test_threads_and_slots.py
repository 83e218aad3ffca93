"""How many calls are on their way, and the threads of each."""

from __future__ import annotations

import os

from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget_engines.submitit import Submitit


def test_threads_are_those_of_the_job(engine, tmp_path):
    with engine(cpus=3).open_in(tmp_path) as executor:
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result(timeout=60) == "3"
        log = executor.submit(os.getenv, "FAIRFORGET_JOB_LOG").result(timeout=60)
    assert (tmp_path / log).is_file()


def test_slots_and_cells_ahead():
    assert (Submitit(workers=3, cells_per_job=5).slots(), Submitit(workers=3, cells_per_job=5).ahead()) == (3, 15)
    assert Submitit().slots() == 100
    assert Submitit(cluster="local").slots() == len(os.sched_getaffinity(0))
    assert Submitit(cpus=4).threads() == 4
    node = Submitit(workers=2, cpus=32, cells_at_once=4)
    assert (node.jobs(), node.chunk(), node.slots(), node.ahead(), node.threads()) == (2, 4, 8, 8, 8)
    assert node.threads_alone() == 32, "what comes before the cells has a job to itself"
    assert Submitit(workers=2, cells_per_job=10, cells_at_once=4).ahead() == 20


def test_jobs_use_the_threads_of_their_own_machine(tmp_path, monkeypatch, capsys):
    told = []

    def texts(plan, registry, cache, data, threads):
        told.append(threads)
        if len(told) == 2:
            raise FairforgetError("enough")
        return "", "", ""

    monkeypatch.setattr("fairforget.run.study.shared_texts", texts)
    settings = ("engine.cluster=local", "engine.cpus=6", "engine.cells_at_once=2")
    words = [word for setting in settings for word in ("--set", setting)]
    assert main(["run", "quickstart", "--out", str(tmp_path / "out"), "--engine", "submitit:1", *words]) == 2
    assert "enough" in capsys.readouterr().err
    assert told == [6, 3], "all cores of a job before there are cells, then each cell its share"
