"""Calls that jobs make: results, errors, deaths, and what runs beside what."""

from __future__ import annotations

import os
import sys

import pytest

from fairforget.errors import FairforgetError, WorkerDied
from fairforget_engines.submitit import Submitit

from .calls import counting, lines


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


def test_arguments_that_are_no_plain_data_are_refused_at_once(engine, tmp_path):
    with engine().open_in(tmp_path) as executor, pytest.raises(TypeError):
        executor.submit(repr, object())


def test_without_the_library_one_message_names_the_extra(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "submitit"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(
        FairforgetError, match=r"engine submitit needs submitit, .*pip install 'fairforget\[submitit\]'"
    ):
        Submitit(cluster="local").open_in(tmp_path)
    assert not (tmp_path / "jobs").exists()
