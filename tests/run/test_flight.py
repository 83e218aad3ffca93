"""Jobs in flight."""

from concurrent.futures import Future
from functools import partial

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


def test_keys_that_cannot_begin_now_are_asked_for_again():
    executor, keys = Later(), ["0", None, None, "1", "2", None]
    ended = [key for key, _ in Flight(executor, 2).run(iter(keys), lambda key: (echo, (key,)))]
    assert sorted(ended) == ["0", "1", "2"]


def test_what_only_waits_to_begin_brings_in_what_runs():
    """Jobs in flight end while nothing can begin: who waits for another run does not wait for its own."""
    executor, seen = Later(), []

    def keys():
        yield "0"
        while not seen:
            yield None
        yield "1"

    for key, _ in Flight(executor, 2).run(keys(), lambda key: (echo, (key,))):
        seen.append(key)
    assert seen == ["0", "1"]


class Slow:
    """An executor whose jobs end when they were asked for some times; it notes how many were in flight."""

    def __init__(self):
        self.flying, self.most = set(), 0

    def submit(self, fn, /, *args):
        self.flying.add(args)
        self.most = max(self.most, len(self.flying))
        asked, executor = [], self

        class Ends(Future):
            def done(self):
                asked.append(1)
                if len(asked) == 8:
                    executor.flying.discard(args)
                    self.set_result(fn(*args))
                return super().done()

        return Ends()


def test_none_waits_here_that_another_run_could_begin():
    most = []
    for shared in (False, True):
        executor = Slow()
        flight = Flight(executor, 3)
        ended = list(flight.run(map(str, range(40)), lambda key: (echo, (key,)), shared=partial(bool, shared)))
        assert len(ended) == 40
        most.append(executor.most)
    assert most[1] <= 3 < most[0]


def test_the_estimate_counts_on_those_who_share_the_study():
    estimate = Estimate({"cheap": 12}, 1)
    estimate.finish("cheap", 2.0)
    assert estimate.seconds() == 11 * 2.0
    estimate.finish("cheap", 2.0, mine=False)
    assert estimate.seconds() == 10 * 2.0 / 2
    estimate.finish("cheap", 2.0, mine=False)
    assert estimate.seconds() == pytest.approx(9 * 2.0 / 3)
    alone = Estimate({"cheap": 2}, 1)
    alone.finish("cheap", 2.0, mine=False)
    assert alone.seconds() == 2.0, "this run has shown nothing yet"
