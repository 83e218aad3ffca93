"""How the engine ray ends: by leaving it, by an exception, by a signal, by the death of the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import pytest

from fairforget.errors import FairforgetError
from fairforget_engines.ray import Ray

ray = pytest.importorskip("ray", reason="needs the extra: pip install 'fairforget[ray]'")

pytestmark = pytest.mark.slow


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_leaving_cancels_what_waits_and_finishes_what_runs(two):
    with Ray(address=two.address, workers=1).open() as executor:
        running = executor.submit(eval, "(__import__('time').sleep(1), 'finished')[1]")
        wait_for(running.running)
        waiting = [executor.submit(time.sleep, 600) for _ in range(3)]
    assert running.result(timeout=0) == "finished"
    assert all(future.cancelled() for future in waiting)
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(abs, 1)
    assert not ray.is_initialized(), "a connection of its own is closed"


def test_leaving_by_an_exception_ends_what_runs(two):
    caught = []

    def leave():
        with Ray(address=two.address, workers=1).open() as executor:
            pid = executor.submit(os.getpid).result(timeout=60)
            running, waiting = executor.submit(time.sleep, 600), executor.submit(time.sleep, 600)
            wait_for(running.running)
            caught.extend([pid, running, waiting])
            raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - begin < 30
    pid, running, waiting = caught
    with pytest.raises(FairforgetError, match="because the study was stopped"):
        running.result(timeout=0)
    with pytest.raises(CancelledError):
        waiting.result(timeout=0)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"))


def test_a_cancelled_job_never_runs(two, tmp_path):
    with Ray(address=two.address, workers=1).open() as executor:
        first = executor.submit(time.sleep, 0.5)
        second = executor.submit(os.mkdir, str(tmp_path / "made"))
        assert second.cancel()
        first.result(timeout=60)
        executor.submit(abs, 1).result(timeout=60)
    assert not (tmp_path / "made").exists()


def test_sigterm_means_what_it_meant(two):
    before = signal.getsignal(signal.SIGTERM)
    with Ray(address=two.address).open():
        assert signal.getsignal(signal.SIGTERM) == before


BUSY = """
import os, sys, time
from fairforget_engines.ray import Ray

with Ray(address=sys.argv[1], workers=1).open() as executor:
    pid = executor.submit(os.getpid).result()
    job = executor.submit(time.sleep, 600)
    while not job.running():
        time.sleep(0.01)
    print(pid, file=sys.stderr, flush=True)
    job.result()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_program(two, number):
    program = [sys.executable, "-c", BUSY, two.address]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        pid = next(int(line) for line in process.stderr if line.strip().isdigit())
        assert os.path.exists(f"/proc/{pid}")
        process.send_signal(number)
        assert process.wait(timeout=30) != 0
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"))
