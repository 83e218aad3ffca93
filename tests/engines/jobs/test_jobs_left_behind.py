"""Jobs whose run ends before them: cancelled, left, taken up again, or another run's."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from fairforget_engines.submitit import Submitit
from fairforget_engines.submitit_chunk import outcome_file
from fairforget_engines.submitit_queue import Queue
from fairforget_engines.submitit_session import Session

from .calls import counting, lines, wait_for


@pytest.mark.slow
def test_cancelled_jobs_run_no_longer(engine, tmp_path):
    mark = tmp_path / "mark"
    with contextlib.suppress(KeyboardInterrupt), engine().open_in(tmp_path) as executor:
        futures = [executor.submit(exec, counting(mark, "import time; time.sleep(600)")) for _ in range(2)]
        wait_for(lambda: futures[0].done() or lines(mark) == 2)
        raise KeyboardInterrupt
    with engine().open_in(tmp_path) as executor:
        again = executor.submit(exec, counting(mark))
        assert again.result(timeout=60) is None
    assert lines(mark) == 3, "the job of the first run is not waited for"


SCRIPT = """
import sys, time
from pathlib import Path
from fairforget_engines.submitit import Submitit

def main():
    folder = Path(sys.argv[1])
    engine = Submitit(cluster="local", workers=2, poll_seconds=0.05, on_interrupt=sys.argv[2])
    code = "import pathlib, time\\nat = pathlib.Path({at!r})\\n(at / 'begun').touch()\\n"
    code += "while not (at / 'go').exists(): time.sleep(0.02)\\n(at / 'ended').touch()"
    with engine.open_in(folder) as executor:
        executor.submit(exec, code.format(at=str(folder))).result()

try:
    main()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("what", ["cancel", "leave"])
def test_ctrl_c_in_a_terminal_reaches_the_run_and_not_its_jobs(tmp_path, what):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), what]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for((tmp_path / "begun").exists)
    os.killpg(run.pid, signal.SIGINT)
    end = time.monotonic() + 15
    while run.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert run.poll() == 130
    jobs = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]
    assert bool(jobs) == (what == "leave")
    (tmp_path / "go").touch()
    if what == "leave":
        wait_for((tmp_path / "ended").exists)
    _, err = run.communicate(timeout=60)
    assert "Traceback" not in err


# Nobody waits for the process of a job that is left, which Python warns of when it collects the garbage.
leaving = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.slow
@leaving
def test_jobs_that_were_left_are_taken_up_again(engine, tmp_path):
    mark, go = tmp_path / "mark", tmp_path / "go"
    code = counting(mark, f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)")
    with contextlib.suppress(KeyboardInterrupt), engine(on_interrupt="leave").open_in(tmp_path) as executor:
        future = executor.submit(exec, code)
        wait_for(lambda: future.done() or lines(mark) == 1)
        raise KeyboardInterrupt
    with engine().open_in(tmp_path) as executor:
        future = executor.submit(exec, code)
        time.sleep(0.5)
        assert not future.done()
        go.touch()
        assert future.result(timeout=60) is None
        assert executor.submit(exec, code).result(timeout=60) is None, "and the same call again is another"
    assert lines(mark) == 2
    kept = {path.suffix for path in (tmp_path / "jobs").rglob("*") if path.is_file()}
    assert kept == {".err", ".out"}, "logs are kept, and nothing else"
    gc.collect()


@pytest.mark.slow
@leaving
def test_what_has_ended_without_its_run_is_made_again(engine, tmp_path):
    mark = tmp_path / "mark"
    with contextlib.suppress(KeyboardInterrupt), engine(on_interrupt="leave").open_in(tmp_path) as executor:
        future = executor.submit(exec, counting(mark))
        wait_for(lambda: future.done() is None or lines(mark) == 1 or future.done())
        raise KeyboardInterrupt
    wait_for(lambda: list((tmp_path / "jobs").glob("*/outcomes/*.json")) or future.done())
    time.sleep(1)  # the job ends behind its outcome
    with engine().open_in(tmp_path) as executor:
        assert executor.submit(exec, counting(mark)).result(timeout=60) is None
    assert lines(mark) == 2, "an outcome nobody waited for may be of a record that was removed since"
    gc.collect()


def test_jobs_of_a_run_that_lives_are_its_own(engine, tmp_path):
    mark, go = tmp_path / "mark", tmp_path / "go"
    code = counting(mark, f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)")
    with engine().open_in(tmp_path) as one:
        first = one.submit(exec, code)
        wait_for(lambda: first.done() or lines(mark) == 1)
        with engine().open_in(tmp_path) as two:
            second = two.submit(exec, code)
            wait_for(lambda: second.done() or lines(mark) == 2)
            go.touch()
            assert second.result(timeout=60) is None
        assert first.result(timeout=60) is None


def test_files_of_a_strangers_folder_name_no_job(engine, tmp_path):
    live = tmp_path / "jobs" / "20260101-000000-abcdef" / "live"
    live.mkdir(parents=True)
    name = f"{'0' * 24}-1"
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (live / f"{name}.json").write_text(f'{{"job": "{sleeper.pid}"}}')
        (live / f"{'1' * 24}-1.json").write_text('{"job": "--help"}')
        (live / f"{'2' * 24}-1.json").write_text("[" * 100_000)
        (live / "x.json").write_text('{"job": "1"}')
        with engine().open_in(tmp_path) as executor:
            assert executor.submit(abs, -1).result(timeout=60) == 1
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()
    assert not live.exists()


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"message": "x"}', '{"error": "RuntimeError"}', "[" * 100_000])
def test_an_outcome_that_cannot_be_read_is_looked_at_again(tmp_path, torn):
    class Slow:
        def submit(self, chunks):
            (chunk,) = chunks
            self.file = outcome_file(chunk.outcomes, chunk.items[0].name)
            self.file.write_text(torn)
            return ["1"]

        def alive(self, calls):
            return set()

        def ended(self, ids):
            return {}

        cancel = settle = lambda *_: None

    cluster = Slow()
    with Queue(Submitit(poll_seconds=0.001), Session(tmp_path), cluster) as queue:
        future = queue.submit(abs, -1)
        with pytest.raises(TimeoutError):
            future.result(timeout=0.05)
        assert not future.done()
        cluster.file.write_text('{"result": 1}')
        assert future.result(timeout=10) == 1


def test_the_locks_of_a_session_end_with_it(tmp_path):
    session = Session(tmp_path)
    assert session.begin() == []
    session.submitted(f"{'0' * 24}-1", "17")
    other = Session(tmp_path)
    assert other.begin() == []
    session.close()
    (left,) = Session(tmp_path).begin()
    assert (left.name, left.job, left.folder) == (f"{'0' * 24}-1", "17", session.folder)
