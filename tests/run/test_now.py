"""What a run is at, at any moment, and how long it still takes."""

from __future__ import annotations

import pytest

from fairforget.run.now import Now
from fairforget.run.watcher import Both, Seen, Silent


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def cell(seed=0):
    return {"method": {"name": "npo"}, "curriculum": None, "draw": {"stratum": "easy", "index": 0}, "seed": seed}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def now(clock):
    return Now(clock)


def test_a_stage_lasts_until_the_next_thing(now, clock):
    assert now.moment().stage is None
    now.stage("training", lambda: Seen(3, 9, "updates", 2.0))
    clock.now += 70
    moment = now.moment()
    assert (moment.stage, moment.stage_seconds, moment.seen()) == ("training", 70.0, Seen(3, 9, "updates", 2.0))
    now.cells(4, 1)
    assert now.moment().stage is None
    now.stage("waiting")
    assert now.moment().seen() is None
    now.started("a", cell(), None)
    assert now.moment().stage is None


def test_cells_are_at_work_from_their_beginning_to_their_end(now, clock):
    now.cells(3, 1)
    now.started("a", cell(0), None)
    clock.now += 5
    now.started("b", cell(1), 30.0)
    clock.now += 2
    assert [(one.key, one.seconds, one.expected) for one in now.moment().at_work] == [
        ("a", 7.0, None),
        ("b", 2.0, 30.0),
    ]
    now.finished({"key": "a", "status": "lost"}, 40.0, 0.5)
    moment = now.moment()
    assert [one.key for one in moment.at_work] == ["b"]
    assert (moment.total, moment.done, moment.failed, moment.known) == (3, 2, 1, 0.5)
    now.finished({"key": "of another run", "status": "ok"}, 0.0, 1.0)
    assert (now.moment().done, now.moment().failed) == (3, 1)


def test_the_time_left_falls_as_cells_go_on(now, clock):
    """Two side by side: 10 cells of 30 s that have not ended are 150 s; what the two have done is off."""
    now.cells(11, 0)
    assert now.moment().left is None
    now.finished({"key": "x", "status": "ok"}, 150.0, 1.0)
    assert now.moment().left == 150.0
    now.started("a", cell(0), 30.0)
    now.started("b", cell(1), 30.0)
    clock.now += 10
    assert now.moment().left == 140.0
    clock.now += 50  # both take longer than the like of them did: what they do beyond that is not off
    assert now.moment().left == 120.0


def test_no_run_ends_before_its_longest_cell(now, clock):
    now.cells(2, 0)
    now.started("short", cell(0), 1.0)
    now.started("long", cell(1), 100.0)
    clock.now += 1
    now.finished({"key": "short", "status": "ok"}, 50.0, 1.0)  # 100 s over two workers
    assert now.moment().left == 99.0
    clock.now += 99
    assert now.moment().left is None, "it should have ended: nobody knows"


def test_a_round_of_trials_counts_for_itself(now):
    now.cells(2, 0)
    now.started("a", cell(), None)
    now.finished({"key": "a", "status": "failed"}, 3.0, 1.0)
    now.cells(5, 0)
    moment = now.moment()
    assert (moment.total, moment.done, moment.failed, moment.left, moment.at_work) == (5, 0, 0, None, ())


def test_both_are_told_everything():
    heard = []

    class One(Silent):
        def stage(self, text, look=None):
            heard.append((text, look))

        def note(self, text):
            heard.append(text)

        def cells(self, total, done):
            heard.append((total, done))

        def started(self, key, cell, expected):
            heard.append((key, cell, expected))

        def finished(self, cell, record, left, known):
            heard.append((cell, record, left, known))

    both, found = Both(One(), One()), cell()
    both.stage("s", None)
    both.note("n")
    both.cells(2, 1)
    both.started("k", found, 1.0)
    both.finished(found, {}, 2.0, 0.5)
    wanted = [("s", None), "n", (2, 1), ("k", found, 1.0), (found, {}, 2.0, 0.5)]
    assert heard == [word for word in wanted for _ in range(2)]
