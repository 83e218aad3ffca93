"""Jobs that are preempted, or have no time left, begin again what they had not done."""

from __future__ import annotations

import pytest

from fairforget.errors import WorkerDied
from fairforget_engines.submitit_chunk import Chunk, Item, begun_file, outcome_file, read_outcome

from .calls import PREEMPTED_ONCE, counting, lines


def test_a_preempted_job_begins_its_call_again_and_none_that_was_done(engine, tmp_path):
    done, mark, last = tmp_path / "done", tmp_path / "mark", tmp_path / "last"
    with engine(cells_per_job=3, workers=1).open_in(tmp_path) as executor:
        calls = (counting(done), PREEMPTED_ONCE.format(mark=str(mark)), counting(last))
        futures = [executor.submit(exec, code) for code in calls]
        assert [future.result(timeout=60) for future in futures] == [None] * 3
    assert (lines(done), lines(mark), lines(last)) == (1, 2, 1)


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
