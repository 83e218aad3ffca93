"""A line a minute, from a thread that ends however its command does."""

from __future__ import annotations

import threading

import pytest

from fairforget.cli import heartbeat
from fairforget.cli.heartbeat import Heartbeat

WAIT = 30.0
"""Seconds that a test waits for what takes none."""


def living():
    return [thread for thread in threading.enumerate() if thread.name == "fairforget-heartbeat"]


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(heartbeat, "MINUTE", 0.001)


def test_it_beats_while_its_command_works():
    beats, enough = [], threading.Event()

    def beat():
        beats.append(1)
        if len(beats) == 3:
            enough.set()
        return 0.001

    with Heartbeat(beat):
        assert enough.wait(WAIT)
    assert living() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_it_ends_with_its_command(error):
    def work():
        with Heartbeat(lambda: 3600.0):
            assert [thread.daemon for thread in living()] == [True]
            raise error

    with pytest.raises(error):
        work()
    assert living() == []


def test_a_word_that_cannot_be_said_does_not_end_it():
    said = threading.Semaphore(0)

    def beat():
        said.release()
        raise OSError("the terminal is gone")

    with Heartbeat(beat):
        for _ in range(3):
            assert said.acquire(timeout=WAIT)


def test_nobody_waits_for_a_word_that_hangs(monkeypatch):
    monkeypatch.setattr(heartbeat, "_PATIENCE", 0.01)
    begun, let_go = threading.Event(), threading.Event()

    def beat():
        begun.set()
        let_go.wait(WAIT)
        return 3600.0

    with Heartbeat(beat):
        assert begun.wait(WAIT)
    let_go.set()
