"""The engine submitit on its local executor and on a Slurm of one machine: calls, chunks, deaths, preemption."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fairforget.cli import main
from fairforget.errors import FairforgetError, WorkerDied

pytest.importorskip("submitit", reason="needs submitit, the extra 'submitit' of fairforget")

from fairforget_engines.submitit import Submitit  # behind the skip
from fairforget_engines.submitit_chunk import Chunk, Item, begun_file, outcome_file, read_outcome
from fairforget_engines.submitit_queue import Queue
from fairforget_engines.submitit_session import Session

# Jobs are functions of the standard library, because other processes have to import them.
PREEMPTED_ONCE = """
import os, pathlib, signal, time
begun = pathlib.Path({mark!r})
first = not begun.exists()
with begun.open("a") as file:
    file.write("begun\\n")
if first:
    try:
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(60)
    except SystemExit as error:
        raise ImportError("a plugin that ends the program while it is imported") from error
"""


@pytest.fixture(params=["local", "slurm"])
def engine(request):
    if request.param == "slurm":
        request.getfixturevalue("slurm")

    def made(**options):
        return Submitit(**{"cluster": request.param, "workers": 4, "poll_seconds": 0.05, **options})

    return made


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def counting(path: Path, then: str = "pass") -> str:
    return f"with open({str(path)!r}, 'a') as file: file.write('x\\n')\n{then}"


def test_results_come_back_in_their_futures(engine, tmp_path):
    with engine(cells_per_job=2).open_in(tmp_path) as executor:
        futures = [executor.submit(divmod, i, 3) for i in range(5)]
        assert [future.result(timeout=60) for future in futures] == [list(divmod(i, 3)) for i in range(5)]
        assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="the engine is closed"):
        executor.submit(divmod, 1, 3)


def test_the_same_call_twice_is_made_twice(engine, tmp_path):
    mark = tmp_path / "mark"
    with engine().open_in(tmp_path) as executor:
        futures = [executor.submit(exec, counting(mark)) for _ in range(2)]
        assert [future.result(timeout=60) for future in futures] == [None, None]
        assert executor.submit(exec, counting(mark)).result(timeout=60) is None
    assert lines(mark) == 3


def test_errors_come_out_of_their_futures_and_the_rest_of_the_chunk_goes_on(engine, tmp_path):
    message = "from fairforget.errors import FairforgetError\nraise FairforgetError('mend it')"
    with engine(cells_per_job=4).open_in(tmp_path) as executor:
        bad, mend, left, good = (
            executor.submit(int, "x"),
            executor.submit(exec, message),
            executor.submit(exec, "raise SystemExit(0)"),
            executor.submit(int, "7"),
        )
        with pytest.raises(RuntimeError, match="ValueError: invalid literal") as caught:
            bad.result(timeout=60)
        with pytest.raises(FairforgetError, match=r"^mend it$"):
            mend.result(timeout=60)
        with pytest.raises(RuntimeError, match=r"the job called sys.exit\(0\)"):
            left.result(timeout=60)
        assert good.result(timeout=60) == 7
    (note,) = caught.value.__notes__
    assert "Traceback" in note
    log = tmp_path / note.partition(":")[0].removeprefix("In job ")
    assert log.is_file(), "the note names the log of its job, from the folder of the run on"


def test_a_job_that_dies_loses_the_call_it_was_at_and_the_others_run_elsewhere(engine, tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    with engine(cells_per_job=3).open_in(tmp_path) as executor:
        first = executor.submit(exec, counting(before))
        fatal = executor.submit(os._exit, 3)
        third = executor.submit(exec, counting(after))
        with pytest.raises(
            WorkerDied, match=r"job [0-9_]+ ended before its cell did \(.*\); its log is jobs/"
        ) as caught:
            fatal.result(timeout=60)
        assert first.result(timeout=60) is None
        assert third.result(timeout=60) is None
    assert (lines(before), lines(after)) == (1, 1)
    assert (tmp_path / str(caught.value).rpartition(" ")[2]).is_file()


def test_a_preempted_job_begins_its_call_again_and_none_that_was_done(engine, tmp_path):
    done, mark, last = tmp_path / "done", tmp_path / "mark", tmp_path / "last"
    with engine(cells_per_job=3, workers=1).open_in(tmp_path) as executor:
        calls = (counting(done), PREEMPTED_ONCE.format(mark=str(mark)), counting(last))
        futures = [executor.submit(exec, code) for code in calls]
        assert [future.result(timeout=60) for future in futures] == [None] * 3
    assert (lines(done), lines(mark), lines(last)) == (1, 2, 1)


def test_calls_of_a_job_run_side_by_side_where_that_is_asked_for(engine, tmp_path):
    # Ends only when two calls are at it at once: each waits for the other's file.
    meet = (
        "(lambda os, time, at: (open(f'{at}/{os.getpid()}', 'w').close(), "
        "[time.sleep(0.01) for _ in iter(lambda: len(os.listdir(at)) < 2, False)], "
        "os.environ['FAIRFORGET_JOB_LOG'])[-1])"
        f"(__import__('os'), __import__('time'), {str(tmp_path / 'meet')!r})"
    )
    (tmp_path / "meet").mkdir()
    with engine(workers=1, cells_at_once=2, cells_per_job=4).open_in(tmp_path) as executor:
        one, two = executor.submit(eval, meet), executor.submit(eval, f"({meet})")
        fatal, bad = executor.submit(os._exit, 3), executor.submit(int, "x")
        assert one.result(timeout=120) == two.result(timeout=120), "in one job"
        with pytest.raises(WorkerDied, match="the worker process died in the middle of the job: exit code 3"):
            fatal.result(timeout=60)
        with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
            bad.result(timeout=60)


def test_a_job_of_calls_side_by_side_is_preempted_as_one(engine, tmp_path):
    done, mark, gone = tmp_path / "done", tmp_path / "mark", tmp_path / "gone"
    told = PREEMPTED_ONCE.format(mark=str(mark)).replace("os.getpid()", "os.getppid()")
    told = told.replace("time.sleep(60)", f"time.sleep(20); pathlib.Path({str(gone)!r}).touch()")
    outcomes = f"list(pathlib.Path({str(tmp_path)!r}).glob('jobs/*/outcomes/*.json'))"
    told = f"import pathlib, time\nwhile len({outcomes}) < 2: time.sleep(0.01)\n{told}"
    with engine(workers=1, cells_at_once=2, cells_per_job=3).open_in(tmp_path) as executor:
        first = executor.submit(exec, counting(done))
        second = executor.submit(exec, f"import os, time\nwhile not os.path.exists({str(done)!r}): time.sleep(0.01)")
        third = executor.submit(exec, told)
        assert [future.result(timeout=120) for future in (first, second, third)] == [None] * 3
    assert (lines(done), lines(mark)) == (1, 2)
    assert not gone.exists(), "what was at it ended with its job"


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


def test_arguments_that_are_no_plain_data_are_refused_at_once(engine, tmp_path):
    with engine().open_in(tmp_path) as executor, pytest.raises(TypeError):
        executor.submit(repr, object())


def test_threads_are_those_of_the_job(engine, tmp_path):
    with engine(cpus=3).open_in(tmp_path) as executor:
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result(timeout=60) == "3"
        log = executor.submit(os.getenv, "FAIRFORGET_JOB_LOG").result(timeout=60)
    assert (tmp_path / log).is_file()


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


@pytest.mark.parametrize(
    ("after", "alone", "outcome"), [(3600.0, True, "died"), (3600.0, False, "again"), (60.0, True, "again")]
)
def test_a_call_that_had_all_the_time_of_a_job_is_not_begun_for_ever(tmp_path, monkeypatch, after, alone, outcome):
    from fairforget_engines import submitit_chunk

    chunk = Chunk(tmp_path, (Item("a", abs, (1,)), Item("b", abs, (2,))), minutes=60, threads=1)
    clock = 1000.0
    monkeypatch.setattr(submitit_chunk.time, "monotonic", lambda: clock)
    chunk._begun, chunk._at = clock, {chunk.items[0]: alone}
    clock += after
    again = chunk.checkpoint()
    assert again.function == chunk
    assert again.function is not chunk
    file = outcome_file(tmp_path, "a")
    assert file.exists() == (outcome == "died")
    if outcome == "died":
        _, error = read_outcome(file.read_text())
        assert isinstance(error, WorkerDied)
        assert str(error) == "it needs more than the 60 minutes of a job; ask for more with engine.minutes"


def test_an_outcome_that_is_there_is_not_taken_back(tmp_path):
    chunk = Chunk(tmp_path, (Item("a", abs, (1,)),), minutes=1, threads=1)
    chunk._begun, chunk._at = -1e9, {chunk.items[0]: True}
    outcome_file(tmp_path, "a").write_text('{"result": 1}')
    chunk.checkpoint()
    assert read_outcome(outcome_file(tmp_path, "a").read_text()) == (1, None)
    assert not begun_file(tmp_path, "a").exists()


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


def test_the_locks_of_a_session_end_with_it(tmp_path):
    session = Session(tmp_path)
    assert session.begin() == []
    session.submitted(f"{'0' * 24}-1", "17")
    other = Session(tmp_path)
    assert other.begin() == []
    session.close()
    (left,) = Session(tmp_path).begin()
    assert (left.name, left.job, left.folder) == (f"{'0' * 24}-1", "17", session.folder)


def test_without_the_library_one_message_names_the_extra(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "submitit"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(
        FairforgetError, match=r"engine submitit needs submitit, .*pip install 'fairforget\[submitit\]'"
    ):
        Submitit(cluster="local").open_in(tmp_path)
    assert not (tmp_path / "jobs").exists()
