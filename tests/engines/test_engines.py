from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError

import pytest

from fairforget.engines.inline import Inline
from fairforget.engines.local import Local
from fairforget.engines.worker import describe_exit
from fairforget.errors import FairforgetError

# Jobs are functions of the standard library, because a spawned process has to import them.
ENGINES = [Inline(), Local(workers=1), Local(workers=2)]


def gone(pid: int, within: float) -> bool:
    """Return whether a process ends in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().split()[2] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_results_come_back_in_their_futures(engine):
    with engine.open() as executor:
        futures = [executor.submit(divmod, i, 3) for i in range(5)]
        assert [future.result(timeout=60) for future in futures] == [divmod(i, 3) for i in range(5)]
        assert all(future.done() for future in futures)


@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_what_a_job_raises_comes_out_of_its_future_and_the_next_job_goes_on(engine):
    with engine.open() as executor:
        bad, good = executor.submit(int, "x"), executor.submit(int, "7")
        with pytest.raises(ValueError, match="invalid literal"):
            bad.result(timeout=60)
        assert good.result(timeout=60) == 7


@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_a_message_for_the_user_arrives_as_one(engine):
    with engine.open() as executor:
        future = executor.submit(
            exec, "from fairforget.errors import FairforgetError\nraise FairforgetError('mend it')"
        )
        with pytest.raises(FairforgetError, match=r"^mend it$"):
            future.result(timeout=60)


def test_inline_runs_in_this_process_and_lets_ctrl_c_through():
    with Inline().open() as executor:
        assert executor.submit(os.getpid).result() == os.getpid()
        with pytest.raises(KeyboardInterrupt):
            executor.submit(exec, "raise KeyboardInterrupt")
    assert Inline().threads() is None


def test_workers_are_other_processes_and_work_side_by_side():
    with Local(workers=2).open() as executor:
        begin = time.monotonic()
        pids = {future.result(timeout=60) for future in [executor.submit(eval, MEETING) for _ in range(2)]}
        assert time.monotonic() - begin < 60
    assert len(pids) == 2
    assert os.getpid() not in pids


# Ends only when two processes are at it at once: each waits for the other's file.
MEETING = (
    "(lambda os, time, folder: (open(f'{folder}/meet-{os.getppid()}-{os.getpid()}', 'w').close(), "
    "[time.sleep(0.01) for _ in iter(lambda: len([n for n in os.listdir(folder) "
    "if n.startswith(f'meet-{os.getppid()}-')]) < 2, False)], os.getpid())[-1])"
    "(__import__('os'), __import__('time'), __import__('tempfile').gettempdir())"
)


def test_the_traceback_of_the_worker_is_kept_as_a_note():
    with Local(workers=1).open() as executor, pytest.raises(ValueError, match="invalid literal") as caught:
        executor.submit(int, "x").result(timeout=60)
    assert "In the worker process:\nTraceback" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("class E(Exception):\n def __init__(self, a, b): super().__init__(a)\nraise E('odd', 2)", "E: odd"),
        ("raise SystemExit(0)", r"the job called sys.exit\(0\)"),
    ],
)
def test_exceptions_that_cannot_travel_arrive_as_text(code, message):
    with Local(workers=1).open() as executor:
        with pytest.raises(RuntimeError, match=message):
            executor.submit(exec, code).result(timeout=60)
        assert executor.submit(abs, -1).result(timeout=60) == 1


def test_a_result_that_cannot_be_pickled_is_an_error_of_that_job():
    with Local(workers=1).open() as executor:
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            executor.submit(eval, "lambda: 0").result(timeout=60)
        assert executor.submit(abs, -1).result(timeout=60) == 1


def test_a_job_that_cannot_be_pickled_is_refused_at_once():
    with Local(workers=1).open() as executor, pytest.raises((AttributeError, pickle.PicklingError)):
        executor.submit(lambda: 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ((os._exit, 3), "the worker process died in the middle of the job: exit code 3"),
        ((signal.raise_signal, signal.SIGKILL), "killed by SIGKILL, most often because the machine ran out of memory"),
        ((signal.raise_signal, signal.SIGTERM), "killed by SIGTERM"),
    ],
)
def test_a_worker_that_dies_fails_its_job_alone(call, message):
    with Local(workers=2).open() as executor:
        other = executor.submit(eval, "(__import__('time').sleep(1), 'unharmed')[1]")
        fatal = executor.submit(*call)
        queued = [executor.submit(abs, -i) for i in range(4)]
        with pytest.raises(FairforgetError, match=message):
            fatal.result(timeout=60)
        assert other.result(timeout=60) == "unharmed"
        assert [future.result(timeout=60) for future in queued] == [0, 1, 2, 3]


def test_a_worker_killed_from_outside_is_replaced(tmp_path):
    begun = tmp_path / "begun"
    with Local(workers=1).open() as executor:
        first = executor.submit(os.getpid).result(timeout=60)
        running = executor.submit(eval, f"(open({str(begun)!r}, 'w').close(), __import__('time').sleep(600))")
        while not begun.exists():
            time.sleep(0.01)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(FairforgetError, match="died in the middle of the job"):
            running.result(timeout=60)
        assert executor.submit(os.getpid).result(timeout=60) != first


@pytest.mark.parametrize(
    ("code", "meaning"), [(-9, "SIGKILL"), (-15, "SIGTERM"), (-250, "signal 250"), (1, "exit code 1")]
)
def test_exit_codes_are_explained(code, meaning):
    assert meaning in describe_exit(code)


@pytest.mark.parametrize("workers", [1, 2, 64])
def test_threads_share_the_cores(workers, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    cores = len(os.sched_getaffinity(0))
    assert Local(workers=workers).threads() == max(1, cores // workers)
    assert Local().threads() == 1
    for wanted, expected in {"1": 1, "77": max(1, cores // workers), "0": max(1, cores // workers)}.items():
        monkeypatch.setenv("OMP_NUM_THREADS", wanted)
        assert Local(workers=workers).threads() == expected


def test_workers_know_their_threads_before_anything_is_imported(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    engine = Local(workers=1)
    with engine.open() as executor:
        seen = executor.submit(eval, "dict(__import__('os').environ)").result(timeout=60)
        loaded = executor.submit(eval, "sorted(__import__('sys').modules)").result(timeout=60)
    assert seen["OMP_NUM_THREADS"] == seen["MKL_NUM_THREADS"] == str(engine.threads())
    assert not {"torch", "numpy"} & set(loaded)
    assert os.environ["OMP_NUM_THREADS"] == "77"
    assert "MKL_NUM_THREADS" not in os.environ


def test_workers_print_to_standard_error(capfd):
    with Local(workers=1).open() as executor:
        executor.submit(os.system, "echo from the shell").result(timeout=60)
        executor.submit(exec, "print('from python', flush=True)").result(timeout=60)
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.split("\n")[:2] == ["from the shell", "from python"]


def test_leaving_cancels_what_waits_and_finishes_what_runs():
    with Local(workers=1).open() as executor:
        running = executor.submit(eval, "(__import__('time').sleep(1), 'finished')[1]")
        while not running.running():
            time.sleep(0.01)
        waiting = [executor.submit(time.sleep, 600) for _ in range(3)]
    assert running.result(timeout=0) == "finished"
    assert all(future.cancelled() for future in waiting)
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(abs, 1)


def test_leaving_by_an_exception_ends_what_runs():
    def leave():
        with Local(workers=1).open() as executor:
            pid = executor.submit(os.getpid).result(timeout=60)
            running, waiting = executor.submit(time.sleep, 600), executor.submit(time.sleep, 600)
            while not running.running():
                time.sleep(0.01)
            caught.extend([pid, running, waiting])
            raise KeyboardInterrupt

    caught = []
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - begin < 30
    pid, running, waiting = caught
    with pytest.raises(FairforgetError, match="because the study was stopped"):
        running.result(timeout=0)
    with pytest.raises(CancelledError):
        waiting.result(timeout=0)
    assert gone(pid, within=5)


def test_a_cancelled_job_never_runs(tmp_path):
    with Local(workers=1).open() as executor:
        first = executor.submit(time.sleep, 0.5)
        second = executor.submit(os.mkdir, str(tmp_path / "made"))
        assert second.cancel()
        first.result(timeout=60)
        executor.submit(abs, 1).result(timeout=60)
    assert not (tmp_path / "made").exists()


def test_nothing_starts_before_it_is_needed():
    begin = time.monotonic()
    with Local(workers=64).open():
        pass
    assert time.monotonic() - begin < 1


STUDY = """
    import os, sys, time
    from fairforget.engines.local import Local

    if __name__ == "__main__":
        with Local(workers=2).open() as executor:
            print(*[executor.submit(os.getpid).result() for _ in range(4)], flush=True)
            jobs = [executor.submit(time.sleep, 600) for _ in range(5)]
            for job in jobs:
                job.result()
"""


@pytest.fixture
def study(tmp_path):
    """Start a program with two busy workers; give it and their process ids."""
    script = tmp_path / "study.py"
    script.write_text(textwrap.dedent(STUDY))
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    pids = {int(pid) for pid in process.stdout.readline().split()}
    time.sleep(0.2)
    yield process, pids
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()


def test_ctrl_c_ends_the_program_and_its_workers_quietly(study):
    process, pids = study
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    # One traceback, of the main program, which does not catch the interrupt; none of the workers.
    assert error.count("Traceback") == 1
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert all(gone(pid, within=5) for pid in pids)


def test_workers_end_when_the_program_is_killed(study):
    process, pids = study
    process.kill()
    process.wait()
    assert all(gone(pid, within=10) for pid in pids)


def test_a_script_without_a_main_guard_is_told_the_mend(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(
        "from fairforget.engines.local import Local\n"
        "with Local(workers=1).open() as executor:\n"
        "    executor.submit(abs, -1).result(timeout=60)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "has to stand under: if __name__ == '__main__':" in done.stderr.splitlines()[-1]
