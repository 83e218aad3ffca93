"""Jobs in flight."""

from concurrent.futures import Future

import pytest

from fairforget.errors import FairforgetError, WorkerDied
from fairforget.run.flight import Flight
from fairforget.run.progress import Estimate


class Later:
    """An executor whose jobs end only when nothing more is handed to it; it notes how many were waiting."""

    def __init__(self):
        self.waiting, self.most = [], 0

    def submit(self, fn, /, *args):
        future = Future()
        self.waiting.append((future, fn, args))
        self.most = max(self.most, len(self.waiting))
        return Handle(self, future)

    def finish_one(self):
        future, fn, args = self.waiting.pop()
        try:
            future.set_result(fn(*args))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)


class Handle:
    def __init__(self, executor, future):
        self.executor, self.future = executor, future

    def done(self):
        if self.executor.waiting and not self.future.done():
            self.executor.finish_one()
        return self.future.done()

    def result(self, timeout=None):
        return self.future.result()

    def cancel(self):
        return False


class Now:
    """An executor that works while a job is handed to it, as the engine inline does."""

    def __init__(self):
        self.log = []

    def submit(self, fn, /, *args):
        self.log.append(args)
        future = Future()
        future.set_result(fn(*args))
        return future


def echo(text):
    return text


def test_every_key_ends_once_and_few_wait_at_a_time():
    executor = Later()
    ended = [key for key, _ in Flight(executor, 3).run(map(str, range(40)), lambda key: (echo, (key,)))]
    assert sorted(ended, key=int) == [str(i) for i in range(40)]
    assert executor.most <= 6


def test_results_are_seen_as_they_come_when_jobs_run_while_they_are_handed_over():
    executor = Now()
    seen = [len(executor.log) for _ in Flight(executor, 1).run(map(str, range(5)), lambda key: (echo, (key,)))]
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("error", [WorkerDied("killed"), ValueError("bug")])
def test_a_job_that_dies_takes_no_other_with_it(error):
    def job(text):
        if text == "2":
            raise error
        return text

    ended = dict(Flight(Later(), 2).run("0123", lambda key: (job, (key,))))
    assert {key: value for key, value in ended.items() if value} == {"2": error}
    assert len(ended) == 4


def test_what_the_user_can_mend_stops_the_flight():
    def job(text):
        raise FairforgetError("no space is left on the disk")

    with pytest.raises(FairforgetError, match="no space"):
        list(Flight(Later(), 2).run("01234567", lambda key: (job, (key,))))


def test_the_estimate_is_the_mean_of_each_kind_over_the_workers():
    estimate = Estimate({"cheap": 11, "dear": 3}, 2)
    assert estimate.seconds() is None
    estimate.finish("cheap", 1.0)
    assert estimate.known == 10 / 13
    assert estimate.seconds() == (10 * 1.0 + 3 * 1.0) / 2, "a kind not seen yet is taken to cost what the others do"
    estimate.finish("dear", 7.0)
    assert estimate.seconds() == (10 * 1.0 + 2 * 7.0) / 2
    assert estimate.known == 1.0
