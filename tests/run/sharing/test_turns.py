from __future__ import annotations

import time

import pytest

from fairforget.run.sharing import turns as module
from fairforget.run.sharing.holds import Holds
from fairforget.run.sharing.turns import Turns

KEYS = [f"{i:024x}" for i in range(6)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 0.0)


class Run:
    """One of several runs; a cell is there when its file is."""

    def __init__(self, folder, keys=KEYS):
        self.folder, self.found, self.waited = folder, [], []
        self.holds = Holds(folder)
        self.turns = Turns(keys, self.holds, self.there, self.found.append, self.waited.append)
        self.next = iter(self.turns).__next__

    def there(self, key):
        return (self.folder / key).exists()

    def finish(self, key):
        (self.folder / key).touch()
        self.holds.free(key)

    def rest(self):
        """Run until nothing is left."""
        ran = []
        while True:
            try:
                key = self.next()
            except StopIteration:
                return ran
            if key is not None:
                ran.append(key)
                self.finish(key)


def test_alone_it_runs_everything_in_order(tmp_path):
    run = Run(tmp_path)
    assert run.rest() == KEYS
    assert (run.found, run.waited, run.turns.shared) == ([], [], False)


def test_two_take_different_cells_and_see_all_of_them(tmp_path):
    one, two = Run(tmp_path), Run(tmp_path)
    first = [one.next(), one.next()]
    assert two.next() == KEYS[2]
    assert two.turns.shared
    for key in first:
        one.finish(key)
    two.finish(KEYS[2])
    ran = two.rest()
    assert ran == KEYS[3:]
    assert sorted(two.found) == KEYS[:2]
    assert one.rest() == []
    assert one.found == KEYS[2:]


def test_nothing_is_yielded_twice_while_others_are_at_work(tmp_path):
    one, two = Run(tmp_path), Run(tmp_path)
    for key in KEYS:
        assert one.next() == key
    assert [two.next() for _ in range(3)] == [None, None, None]
    assert len(two.waited) == 1
    assert two.waited[0].startswith("process ")
    for key in KEYS:
        one.finish(key)
    assert two.rest() == []
    assert two.found == KEYS


def test_what_the_dead_have_left_is_taken_over(tmp_path):
    one, two = Run(tmp_path), Run(tmp_path)
    assert [one.next(), one.next()] == KEYS[:2]
    assert two.next() == KEYS[2]
    with one.holds:
        pass  # it ends, and its cells with it
    assert two.next() == KEYS[0]
    two.finish(KEYS[2])
    two.finish(KEYS[0])
    assert sorted(two.rest()) == [KEYS[1], *KEYS[3:]]
    assert two.found == []


def test_a_record_that_comes_between_the_look_and_the_lock(tmp_path):
    run = Run(tmp_path)
    real, seen = run.turns.there, []

    def there(key):
        seen.append(key)
        if seen.count(key) == 1 and key == KEYS[0]:
            (tmp_path / key).touch()
            return False
        return real(key)

    run.turns.there = there
    assert run.next() == KEYS[1]
    assert run.found == KEYS[:1]
    assert not run.holds._held.keys() - {KEYS[1]}


def test_no_more_cells_are_held_than_files_may_be_open(tmp_path, monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (4, 4))
    run = Run(tmp_path)
    assert [run.next(), run.next(), run.next()] == [*KEYS[:2], None]
    assert not run.turns.shared
    run.finish(KEYS[0])
    assert run.next() == KEYS[2]


def test_others_are_looked_at_now_and_then_only(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 60.0)
    one, two = Run(tmp_path, KEYS[:1]), Run(tmp_path, KEYS[:1])
    one.next()
    two.turns._looked = time.monotonic()
    looks = []
    monkeypatch.setattr(two.holds.__class__, "take", lambda self, key: looks.append(key))
    assert [two.next() for _ in range(20)] == [None] * 20
    assert len(looks) == 1
