"""Events for machines: one object a line, whatever strangers say."""

from __future__ import annotations

import io
import json
import math
import re
import threading

import pytest

from fairforget.cli.json_log import MOST, JsonLog
from fairforget.run.watcher import Seen

COMMON = {"time", "event"}
OF_CELL = {"key", "cell", "method", "curriculum", "stratum", "draw", "seed"}
COUNTS = {"total", "done", "failed", "seconds_left", "known"}


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def cell(seed=0, stratum="easy"):
    return {"method": {"name": "npo"}, "curriculum": None, "draw": {"stratum": stratum, "index": 1}, "seed": seed}


class Heard:
    """A log with clocks of its own, and what it wrote."""

    def __init__(self):
        self.stream, self.clock, self.wall = io.StringIO(), Clock(), Clock(1_700_000_000.25)
        self.log = JsonLog(self.stream, self.clock, self.wall)

    def events(self):
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def later(self, seconds):
        self.clock.now += seconds
        self.wall.now += seconds


@pytest.fixture
def heard():
    return Heard()


def test_every_event_has_its_time_name_and_study(heard):
    heard.log.note("before")
    heard.log.opened({"command": "run", "study": "tiny", "folder": "/runs/tiny"})
    heard.later(2)
    heard.log.note("after")
    before, opened, after = heard.events()
    assert before == {"time": "2023-11-14T22:13:20.250Z", "event": "note", "message": "before"}
    assert {"command": "run", "study": "tiny", "folder": "/runs/tiny", "schema": 1}.items() <= opened.items()
    assert {"version", "process", "host"} <= opened.keys()
    assert after == {"time": "2023-11-14T22:13:22.250Z", "event": "note", "study": "tiny", "message": "after"}


def test_the_events_of_a_cell(heard):
    heard.log.cells(3, 1)
    heard.log.started("k", cell(), None)
    heard.later(4)
    record = {"key": "k", "status": "ok", "problems": [], "ledger": {"unlearning": {"seconds": 1.5}, "updates": 3}}
    heard.log.finished(cell(), record, 7.25, 0.5)
    failed = {"key": "k2", "status": "failed", "problems": [{"kind": "nan-loss", "message": "no", "traceback": "…"}]}
    heard.log.finished(cell(1), failed, 0.0, 1.0)
    cells, started, finished, other = heard.events()
    assert cells.items() >= {"event": "cells", "total": 3, "done": 1}.items()
    assert started.keys() == COMMON | OF_CELL | {"expected_seconds"}
    assert started["cell"] == "npo, easy draw 1, seed 0"
    assert finished.keys() == COMMON | OF_CELL | COUNTS | {"status", "seconds", "problem"}
    assert (finished["seconds"], finished["seconds_left"], finished["known"], finished["done"]) == (1.5, 7.25, 0.5, 2)
    assert finished["problem"] is None
    assert other["problem"] == {"kind": "nan-loss", "message": "no"}
    assert (other["failed"], other["done"]) == (1, 3)


def test_a_lost_cell_has_no_seconds(heard):
    heard.log.finished(
        cell(), {"key": "k", "status": "lost", "problems": [{"kind": "lost", "message": "SIGKILL"}]}, None, 0
    )
    assert heard.events()[0]["seconds"] is None


def test_once_a_minute_it_says_how_it_stands(heard):
    assert heard.log.beat() == 60.0
    heard.later(59)
    assert heard.log.beat() == 1.0
    assert heard.events() == []
    heard.later(1)
    heard.log.cells(40, 0)
    for i in range(40):
        heard.log.started(f"{i}", cell(i), 90.0)
    heard.later(30)
    assert heard.log.beat() == 60.0
    progress = heard.events()[-1]
    assert progress.keys() == COMMON | COUNTS | {"at_work", "cells", "stage"}
    assert (progress["event"], progress["at_work"], progress["stage"]) == ("progress", 40, None)
    assert len(progress["cells"]) == 32
    assert progress["cells"][0].keys() == OF_CELL | {"seconds", "expected_seconds"}
    assert (progress["cells"][0]["seconds"], progress["cells"][0]["expected_seconds"]) == (30.0, 90.0)
    assert heard.log.beat() == 60.0
    assert heard.events()[-1] is not progress
    assert len([event for event in heard.events() if event["event"] == "progress"]) == 1


def test_a_stage_says_how_far_it_is(heard):
    heard.log.stage("training", lambda: Seen(3, 9, "updates", 2.0))
    heard.later(61)
    heard.log.beat()
    stage = heard.events()[-1]["stage"]
    far = {"done": 3, "total": 9, "unit": "updates", "left": 2.0}
    assert stage == {"message": "training", "seconds": 61.0, "progress": far}


def test_a_part_of_several_is_told(heard):
    heard.log.part("study 3 of 12: a on b", 7200.0, 3600.0, 0.25)
    heard.later(60)
    heard.log.beat()
    told, progress = heard.events()
    assert told["event"] == "part"
    assert {"message": "study 3 of 12: a on b", "seconds_left": 7200.0, "known": 0.25}.items() <= told.items()
    assert progress["part"] == {"message": "study 3 of 12: a on b", "seconds_left": 7140.0}


def test_how_it_ends(heard):
    heard.later(3)
    assert heard.log.stopped("interrupted", "kept")
    heard.log.closed({"ran": 2})
    stopped, finished = heard.events()
    assert (stopped["event"], stopped["reason"], stopped["message"]) == ("run-stopped", "interrupted", "kept")
    assert stopped["seconds"] == 3.0
    assert finished.items() >= {"event": "run-finished", "ran": 2, "seconds": 3.0}.items()


HOSTILE = '\x1b]0;owned\x07\n{"event": "forged"}\r\u2028\u202e\ud800\0'


def test_no_text_of_a_stranger_breaks_a_line_or_steers_a_terminal(heard):
    heard.log.opened({"study": HOSTILE, "folder": HOSTILE, "event": "forged", "schema": 7})
    heard.log.note(HOSTILE)
    heard.log.warned(HOSTILE, HOSTILE)
    heard.log.stage(HOSTILE)
    heard.log.started(HOSTILE, cell(stratum=HOSTILE), None)
    record = {"key": HOSTILE, "status": HOSTILE, "problems": [{"kind": HOSTILE, "message": HOSTILE * 1000}]}
    heard.log.finished(cell(stratum=HOSTILE), record, math.nan, math.inf)
    text = heard.stream.getvalue()
    assert re.fullmatch(r"[\x20-\x7e\n]*", text)
    events = heard.events()
    assert [event["event"] for event in events][1:] == ["note", "warning", "stage", "cell-started", "cell-finished"]
    assert events[1]["message"] == HOSTILE
    assert events[-1]["seconds_left"] is None
    assert len(events[-1]["problem"]["message"]) <= MOST + 1


def test_lines_of_threads_do_not_mix(heard):
    def say():
        for _ in range(200):
            heard.log.note("x" * 100)

    threads = [threading.Thread(target=say) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["message"] for event in heard.events()] == ["x" * 100] * 800


def test_the_work_goes_on_when_nobody_reads_any_more():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    log = JsonLog(Gone())
    log.note("one")
    log.finished(cell(), {"key": "k", "status": "ok"}, None, 0)
