"""Warnings that parts of the program log, while a command works."""

from __future__ import annotations

import io
import logging
import warnings

import pytest
from rich.console import Console

from fairforget.cli.display import Display
from fairforget.cli.heard import heard
from fairforget.cli.log import open_log
from fairforget.cli.told import ToldError, ToldInterrupt
from fairforget.errors import FairforgetError


class Log:
    def __init__(self):
        self.said = []

    def warned(self, text, source):
        self.said.append((source, text))


@pytest.fixture
def alone(monkeypatch):
    """Leaves no handler of anybody's, as in a process of the command line; pytest has some."""
    return lambda: monkeypatch.setattr(logging.getLogger(), "handlers", [])


@pytest.mark.parametrize("name", ["fairforget.run.cells", "fairforget_engines.ray_crew", "fairforget_sleepy"])
def test_ours_and_those_of_plugins_are_heard(name):
    log = Log()
    with heard(log, everything=False):
        logging.getLogger(name).warning("a worker died: %s", "SIGKILL")
        logging.getLogger(name).info("not worth a word")
    logging.getLogger(name).warning("afterwards")
    assert log.said == [(name, "a worker died: SIGKILL")]


def test_what_others_log_is_printed_as_ever(alone, monkeypatch):
    alone()
    printed = io.StringIO()
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler(printed))
    log = Log()
    with heard(log, everything=False):
        logging.getLogger("somebody").warning("else")
    assert log.said == []
    assert printed.getvalue() == "else\n"


def test_everything_is_what_nobody_else_shows(alone):
    alone()
    log = Log()
    with heard(log, everything=True):
        logging.getLogger("somebody").warning("else")
        with pytest.warns(UserWarning, match="theirs"):  # who records warnings goes on to do so
            warnings.warn("theirs", UserWarning, stacklevel=1)
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert log.said == [("somebody", "else"), ("DeprecationWarning", "old")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_behind(error):
    before = list(logging.getLogger().handlers), warnings.showwarning
    with pytest.raises(error), heard(Log(), everything=True):
        raise error
    assert (list(logging.getLogger().handlers), warnings.showwarning) == before


def test_a_message_that_cannot_be_made_is_shown_as_it_stands(alone):
    alone()
    log = Log()
    with heard(log, everything=False):
        logging.getLogger("fairforget").warning("%d cells", "no number")
    assert log.said == [("fairforget", "%d cells")]


def test_people_see_it_as_a_line(monkeypatch):
    said = io.StringIO()
    with Display(Console(file=said, width=200)) as display, heard(display, everything=False):
        logging.getLogger("fairforget_engines").warning("a worker \x1b[2J died [red]")
    assert said.getvalue() == "warning: a worker [2J died [red]\n"


@pytest.mark.parametrize(
    ("error", "raised", "reason"),
    [(FairforgetError("mend it"), ToldError, "error"), (KeyboardInterrupt("kept"), ToldInterrupt, "interrupted")],
)
def test_what_the_log_has_said_is_not_said_again(capsys, error, raised, reason):
    with pytest.raises(raised), open_log("json"):
        raise error
    assert f'"reason": "{reason}", "message": "{error}"' in capsys.readouterr().err
    with pytest.raises(type(error)) as caught, open_log("text"):
        raise error
    assert caught.type is type(error)


def test_a_bug_is_an_event_and_still_a_bug(capsys):
    with pytest.raises(ZeroDivisionError), open_log("json"):
        raise ZeroDivisionError("bug")
    assert '"reason": "crash", "message": "ZeroDivisionError: bug"' in capsys.readouterr().err


def test_none_says_nothing(capsys):
    with open_log("none") as log:
        log.stage("training")
        log.note("read me")
        log.cells(2, 0)
        log.warned("careful", "fairforget")
    assert capsys.readouterr().err == ""
