"""What the engine submitit asks of Slurm."""

from __future__ import annotations

import contextlib
import re
import time

import pytest

from fairforget.errors import FairforgetError, WorkerDied

pytest.importorskip("submitit", reason="needs submitit, the extra 'submitit' of fairforget")

from fairforget_engines.submitit import Submitit  # behind the skip
from fairforget_engines.submitit_session import Left
from fairforget_engines.submitit_slurm import SlurmCluster


def flags(script: str) -> dict[str, str]:
    return dict(re.findall(r"^#SBATCH --([a-z-]+)(?:=(.*))?$", script, re.MULTILINE))


def test_calls_that_come_together_are_one_array(slurm, tmp_path):
    with Submitit(workers=3, poll_seconds=0.05).open_in(tmp_path) as executor:
        futures = [executor.submit(abs, -i) for i in range(5)]
        while not all(future.done() for future in futures):
            time.sleep(0.02)
        assert [future.result() for future in futures] == list(range(5))
    assert len(slurm.calls("sbatch")) == 1
    assert flags(slurm.scripts()[0])["array"] == "0-4%3"
    assert slurm.calls("scancel") == []
    while set(slurm.states().values()) != {"COMPLETED"}:
        time.sleep(0.02)


def test_a_chunk_of_calls_is_one_task(slurm, tmp_path):
    with Submitit(workers=3, cells_per_job=4, poll_seconds=0.05).open_in(tmp_path) as executor:
        futures = [executor.submit(abs, -i) for i in range(10)]
        assert [future.result(timeout=60) for future in futures] == list(range(10))
    assert [flags(script)["array"] for script in slurm.scripts()] == ["0-2%3"]


def test_a_call_alone_waits_for_a_job_to_end_where_chunks_are_asked_for(slurm, tmp_path):
    go = tmp_path / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)"
    with Submitit(workers=1, cells_per_job=2, poll_seconds=0.05).open_in(tmp_path) as executor:
        futures = [executor.submit(exec, wait), executor.submit(exec, wait)]
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert not futures[0].done()
        futures.append(executor.submit(abs, -1))
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert not futures[2].done()
        assert len(slurm.calls("sbatch")) == 1
        go.touch()
        while not futures[2].done():
            time.sleep(0.02)
    assert len(slurm.calls("sbatch")) == 2


def test_options_are_those_of_sbatch(slurm, tmp_path):
    engine = Submitit(
        partition="gpu",
        account="lab",
        qos="low",
        constraint="a100",
        minutes=90,
        mem_gb=1.5,
        cpus=4,
        gpus=1,
        setup=("module load cuda",),
        slurm={"exclude": "node7", "nice": 100},
    )
    with engine.open_in(tmp_path) as executor:
        executor.submit(abs, -1).result(timeout=60)
    (script,) = slurm.scripts()
    wanted = {
        "partition": "gpu",
        "account": "lab",
        "qos": "low",
        "constraint": "a100",
        "time": "90",
        "mem": "1536M",
        "cpus-per-task": "4",
        "gpus-per-node": "1",
        "exclude": "node7",
        "nice": "100",
        "requeue": "",
        "open-mode": "append",
        "signal": "USR2@90",
    }
    assert {name: flags(script).get(name) for name in wanted} == wanted
    assert "wckey" not in flags(script)
    assert script.index("module load cuda") < script.index("srun")


def test_what_sbatch_refuses_is_said(slurm, tmp_path):
    with (
        pytest.raises(FairforgetError, match=r"the cluster takes no jobs: .*invalid partition specified: closed;"),
        Submitit(partition="closed").open_in(tmp_path) as executor,
    ):
        executor.submit(abs, -1).result(timeout=60)


def test_without_slurm_the_message_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FairforgetError, match=r"finds no Slurm here \(sbatch, srun, sacct, scancel not on the PATH\)"):
        Submitit().open_in(tmp_path)
    assert not (tmp_path / "jobs").exists()


def test_one_command_cancels_what_waits_and_what_runs(slurm, tmp_path):
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').close()\nimport time; time.sleep(600)"
    with contextlib.suppress(KeyboardInterrupt), Submitit(workers=1, poll_seconds=0.05).open_in(tmp_path) as executor:
        futures = [executor.submit(exec, code) for _ in range(3)]
        while not mark.exists():
            assert not futures[0].done()
        raise KeyboardInterrupt
    assert slurm.calls("scancel") == [["1_0", "1_1", "1_2"]]
    assert set(slurm.states().values()) == {"CANCELLED by 1000"}


def test_a_job_that_has_another_name_is_not_ours(slurm, tmp_path):
    mine, other = tmp_path / "jobs" / "20260101-000000-abcdef", tmp_path / "jobs" / "20260101-000000-fedcba"
    for job, state, name in (
        ("7", "RUNNING", f"fairforget-{mine.name}"),
        ("8_0", "PENDING", f"fairforget-{mine.name}"),
        ("8_1", "COMPLETED", f"fairforget-{mine.name}"),
        ("9", "RUNNING", "thesis"),
    ):
        slurm.note(job, state=state, name=name)
    cluster = SlurmCluster(Submitit(), tmp_path)
    calls = [Left("a-1", job, mine) for job in ("7", "8_0", "8_1", "9", "10")] + [Left("a-2", "7", other)]
    assert cluster.alive(calls[:5]) == {"7", "8_0"}
    assert cluster.alive(calls[5:]) == set()
    assert cluster.alive([]) == set()


@pytest.mark.parametrize(
    ("state", "mend"), [("OUT_OF_MEMORY", "engine.mem_gb"), ("TIMEOUT", "engine.minutes"), ("NODE_FAIL", None)]
)
def test_a_state_that_options_can_mend_names_them(slurm, tmp_path, state, mend):
    with Submitit(poll_seconds=0.02).open_in(tmp_path) as executor:
        future = executor.submit(exec, "import time; time.sleep(600)")
        while not slurm.states():
            assert not future.done()
        while "step" not in slurm.facts("1"):  # what the job itself writes down
            assert not future.done()
            time.sleep(0.02)
        slurm.note("1", state=state)
        with pytest.raises(WorkerDied, match=f"ended before its cell did .{state}.") as caught:
            future.result(timeout=60)
    assert ("ask for more" in str(caught.value)) == (mend is not None)
    assert mend is None or f"ask for more with {mend}" in str(caught.value)
