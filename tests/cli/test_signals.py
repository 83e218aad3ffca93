"""A polite request to end is heard as Ctrl-C is."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from fairforget.cli import main, program
from fairforget.cli.signals import heard_as_interrupts


@pytest.fixture(autouse=True)
def nobody_handles_them():
    """Libraries that were used before in this process (Ray's core, in C++) may have left handlers of their own."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_the_exit_code_says_which_signal_it_was(monkeypatch, capsys, name, code):
    before = {known: signal.getsignal(known) for known in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(program, "_run", lambda _: os.kill(os.getpid(), getattr(signal, name)) or 0)
    assert main(["studies"]) == code
    assert capsys.readouterr().err == "fairforget: interrupted\n"
    assert before == {known: signal.getsignal(known) for known in before}


def test_what_was_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard_as_interrupts() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
        assert asked.code is None
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_thread_changes_nothing():
    seen = []

    def inside():
        with heard_as_interrupts():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


class Finalised:
    """Whose finaliser is at work when the signal comes."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)
        for _ in range(100):
            pass


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupt_that_a_finaliser_swallows_comes_again(monkeypatch, capsys, name, code):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)  # pytest has one of its own

    def work(_):
        Finalised(getattr(signal, name))
        threading.Event().wait(30)
        return 0

    monkeypatch.setattr(program, "_run", work)
    begin = time.monotonic()
    assert main(["studies"]) == code
    assert time.monotonic() - begin < 20, "also out of a wait"
    assert capsys.readouterr().err == "fairforget: interrupted\n"
    assert sys.unraisablehook is sys.__unraisablehook__


def test_what_else_a_finaliser_swallows_is_printed_as_ever(monkeypatch, capsys):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)

    class Broken:
        def __del__(self):
            raise ValueError("as ever")

    monkeypatch.setattr(program, "_run", lambda _: Broken() and 0)
    assert main(["studies"]) == 0
    assert "ValueError: as ever" in capsys.readouterr().err


def test_nobody_is_interrupted_afterwards(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    with heard_as_interrupts():
        Finalised(signal.SIGINT)
    threading.Event().wait(0.2)
