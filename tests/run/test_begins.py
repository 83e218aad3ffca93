"""Which jobs an engine is at: handed over is not begun."""

from __future__ import annotations

from concurrent.futures import Future

from fairforget.engines.inline import Inline
from fairforget.run.flight import Flight


class Queue:
    """An executor that begins and ends its jobs when it is asked whether they have ended, `slots` at a time."""

    def __init__(self, slots, *, tells):
        self.slots, self.tells, self.jobs = slots, tells, []

    def submit(self, fn, /, *args):
        job = Job(self, fn, args) if self.tells else Mute(self, fn, args)
        self.jobs.append(job)
        return job

    def turn(self):
        running = [job for job in self.jobs if job.future.running()]
        if len(running) == self.slots or len(running) == len(self.jobs):
            job = running[-1]  # the one that began last ends first
            self.jobs.remove(job)
            job.future.set_result(job.fn(*job.args))
        for job in self.jobs[: self.slots]:
            if not job.future.running():
                job.future.set_running_or_notify_cancel()


class Mute:
    def __init__(self, queue, fn, args):
        self.queue, self.fn, self.args, self.future = queue, fn, args, Future()

    def done(self):
        if not self.future.done():
            self.queue.turn()
        return self.future.done()

    def result(self, timeout=None):
        return self.future.result(timeout)


class Job(Mute):
    def running(self):
        return self.future.running()


def echo(text):
    return text


def flown(executor, slots, keys="abcdefg"):
    log = []
    for key, _ in Flight(executor, slots).run(
        keys, lambda key: (echo, (key,)), begins=lambda key: log.append(f"+{key}")
    ):
        log.append(f"-{key}")
    return log


def at_once(log):
    """The most jobs that were at work at a time."""
    most = here = 0
    for word in log:
        here += 1 if word[0] == "+" else -1
        most = max(most, here)
    return most


def test_each_begins_once_and_before_it_ends():
    for executor in (Queue(2, tells=True), Queue(2, tells=False)):
        log = flown(executor, 2)
        for key in "abcdefg":
            assert log.count(f"+{key}") == log.count(f"-{key}") == 1
            assert log.index(f"+{key}") < log.index(f"-{key}")


def test_no_more_are_at_work_than_there_are_slots_where_futures_cannot_be_asked():
    assert at_once(flown(Queue(2, tells=False), 2)) == 2


def test_futures_that_can_be_asked_are():
    executor, seen = Queue(1, tells=True), []

    def begins(key):
        seen.append((key, [job.args[0] for job in executor.jobs if job.future.running()]))

    list(Flight(executor, 3).run("abc", lambda key: (echo, (key,)), begins=begins))
    assert sorted(key for key, _ in seen) == ["a", "b", "c"]
    assert all(running in ([key], []) for key, running in seen), "one at a time, whatever the slots"


def test_inline_is_at_a_job_while_it_is_handed_over():
    log = []

    def work(text):
        log.append(f"work {text}")
        return text

    with Inline().open() as executor:
        for key, _ in Flight(executor, 1).run(
            "ab", lambda key: (work, (key,)), begins=lambda key: log.append(f"+{key}")
        ):
            log.append(f"-{key}")
    assert log == ["+a", "work a", "-a", "+b", "work b", "-b"]
