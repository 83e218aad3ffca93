"""Ctrl-C that came into the middle of a library is still Ctrl-C."""

from __future__ import annotations

import itertools

import pytest

from fairforget.cli import main, program
from fairforget.errors import FairforgetError
from fairforget.interrupted import heed_interrupt, interrupts_heeded


def behind(*errors, suppressed=False):
    """Return the last of the errors, as if each was raised while the one before was handled."""
    for first, then in itertools.pairwise(errors):
        then.__context__, then.__suppress_context__ = first, suppressed
    return errors[-1]


@pytest.mark.parametrize("suppressed", [False, True])
@pytest.mark.parametrize("others", [[], [RuntimeError("empty stack")], [RuntimeError("a"), FairforgetError("b")]])
def test_an_interrupt_is_found_however_far_behind(others, suppressed):
    error = behind(KeyboardInterrupt(), *others, suppressed=suppressed)
    with pytest.raises(KeyboardInterrupt) as caught:
        heed_interrupt(error)
    assert caught.value.__cause__ is error


def test_other_errors_stay_what_they_are():
    error = behind(ValueError("a"), RuntimeError("b"))
    error.__cause__ = error.__context__
    error.__context__.__context__ = error  # a ring, which code that sets it by hand can make
    heed_interrupt(error)
    with pytest.raises(RuntimeError, match="b"), interrupts_heeded():
        raise error


def test_a_command_ends_as_interrupted(monkeypatch, capsys):
    def work(_):
        raise behind(KeyboardInterrupt(), RuntimeError("empty stack"), FairforgetError("the model cannot be loaded"))

    monkeypatch.setattr(program, "_run", work)
    assert main(["studies"]) == 130
    assert capsys.readouterr().err == "fairforget: interrupted\n"
