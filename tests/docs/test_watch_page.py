"""docs/how-to/watch-a-run.md: its lines, its events and its status are what is printed."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from fairforget.cli import main
from fairforget.cli.display import Display
from fairforget.cli.json_log import CELLS, MOST, SCHEMA, JsonLog
from fairforget.cli.log import FORMS
from fairforget.cli.status import lines, to_json
from fairforget.progress import read_progress
from fairforget.run.telling import Telling
from fairforget.run.watcher import Seen
from fairforget.store import lock
from fairforget.store.runners import joined

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "watch-a-run.md").read_text(encoding="utf-8")
COMMON, CELL = {"time", "event", "study"}, {"key", "cell", "method", "curriculum", "stratum", "draw", "seed"}
MAKING = "making the target model, or finding it in the cache"
SMALL = ("samplers=[random]", "draws=1", "forget_size=2", "seeds=1", "methods=[untouched]", "engine=inline",
         "curricula=[uniform]", "budget={updates: 1}", "evaluation.max_new_tokens=4",
         "task={name: biographies, people: 6, retain_people: 2, holdout_people: 2, samples: 1, world_facts: 0, "
         "frequencies: [1], distributions: [in], lengths: [short], hidden_size: 16, layers: 1, vocabulary: 400, "
         "epochs: 1}",
         )  # fmt: skip


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def cell(draw):
    draw = {"stratum": "easy", "index": draw}
    return {"method": {"name": "fairforget/npo"}, "curriculum": None, "draw": draw, "seed": 0}


def block(language, beginning):
    (text,) = re.findall(rf"^```{language}\n({re.escape(beginning)}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return text.splitlines()


def rows():
    """The table of events: what stands in code in its last column, by event."""
    table = re.findall(r"^\| `([a-z-]+)` \| .*? \| (.*) \|$", PAGE, re.MULTILINE)
    return {name: said for name, said in table if name in {"run-started", "stage", "note", "warning", "cells"}
            or name.startswith(("cell-", "progress", "run-"))}  # fmt: skip


def keys_of(event):
    """The keys that the page gives an event."""
    said = re.sub(r"\(.*?\)", "", rows()[event].partition(";")[0])
    found = set(re.findall(r"`(\w+)`", said)) | COMMON
    counts = set(re.findall(r"`(\w+)`", re.search(r"\*\*The counts\*\* are (.*?)\.", PAGE, re.DOTALL)[1]))
    return found | (CELL if "the cell" in said else set()) | (counts if "the counts" in said else set())


def test_the_lines_of_the_page_are_what_is_printed():
    said, clock = io.StringIO(), Clock()
    display = Display(Console(file=said, width=300), clock)
    display.stage(MAKING, lambda: Seen(1200, 6400, "updates", 240.0))
    clock.now += 120
    display.beat()
    display.cells(40, 0)
    for _ in range(3):
        display.finished({}, {"status": "ok"}, 8160.0, 0.5)
    display.started("k", cell(1), 180.0)
    clock.now += 120
    display.beat()
    assert said.getvalue().splitlines() == block("text", MAKING)


def test_the_events_of_the_page_are_those_of_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"^\$ fairforget (run .*) 2> events.jsonl$", PAGE, re.MULTILINE)
    assert main([*shlex.split(command), *(part for setting in SMALL for part in ("--set", setting))]) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    kinds = {event["event"] for event in events}
    assert {"run-started", "stage", "cells", "cell-started", "cell-finished", "run-finished"} <= kinds <= rows().keys()
    for event in events:
        assert event.keys() == keys_of(event["event"]), event["event"]
    (shown,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    example = json.loads(shown)
    assert list(example) == list(next(event for event in events if event["event"] == example["event"]))


def test_the_rarer_events_of_the_page():
    said, clock = io.StringIO(), Clock()
    log = JsonLog(said, clock)
    log.opened({"study": "mine"})
    log.note("read me")
    log.warned("careful", "fairforget")
    log.stage("training", lambda: Seen(1, 2, "updates", None))
    clock.now += 60
    log.beat()
    log.started("k", cell(1), None)
    log.finished(cell(1), {"key": "k", "status": "failed", "problems": [{"kind": "a", "message": "b"}]}, None, 0.0)
    log.started("k", cell(2), None)
    clock.now += 60
    log.beat()
    log.stopped("error", "no space")
    events = [json.loads(line) for line in said.getvalue().splitlines()][1:]
    assert {event["event"] for event in events} | {"run-started", "cells", "run-finished"} == rows().keys()
    for event in events:
        assert event.keys() == keys_of(event["event"]), event["event"]
    first, second = (event for event in events if event["event"] == "progress")
    assert set(first["stage"]) | set(first["stage"]["progress"]) == {
        *("message", "seconds", "progress", "done", "total", "unit", "left")
    }
    assert second["stage"] is None
    assert set(second["cells"][0]) == CELL | {"seconds", "expected_seconds"}
    (cell_keys,) = re.findall(r"\*\*The cell\*\* is (.*?)\.$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", cell_keys)) == CELL
    for number in (f"at most {CELLS}", f"{MOST:,} characters", f"`schema` is\n{SCHEMA}"):
        assert number in PAGE


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, keys = Path("runs", "mine"), [f"{i:024x}" for i in range(8)]
    (folder / "cells").mkdir(parents=True)
    (folder / "study.yaml").write_text("name: mine\n")
    (folder / "plan.json").write_text(json.dumps({"cells": keys, "kinds": [0] * 4 + [1] * 4}))
    for i, (key, seconds) in enumerate([(keys[0], 60), (keys[1], 60), (keys[2], 60), (keys[4], 300)]):
        path = folder / "cells" / f"{key}.json"
        path.write_text(json.dumps({"key": key, "status": "ok", "ledger": {"unlearning": {"seconds": seconds}}}))
        os.utime(path, (0, 10_000 + 600 * i))
    return folder


def test_the_status_of_the_page_is_what_is_printed(mine, monkeypatch):
    command, *shown = block("console", "$ fairforget status")
    assert command == "$ fairforget status runs/mine"
    with joined(mine, "study") as first, joined(mine, "study") as second:
        wall = Clock(11_800.0)
        busy, other = Telling(first.tell, 2, Clock(), wall), Telling(second.tell, 2, Clock(), wall)
        busy.started("a", cell(1), 60.0)
        busy.started("b", cell(2), 60.0)
        monkeypatch.setattr(lock.os, "getpid", lambda: 977)
        monkeypatch.setattr(lock.platform, "node", lambda: "node8")
        other.stage(MAKING)
        monkeypatch.setattr(lock.os, "getpid", lambda: 4121)
        monkeypatch.setattr(lock.platform, "node", lambda: "node7")
        busy.note("unheard")
        busy._write()
        progress = read_progress(mine)
    said = lines(progress, "runs/mine", 11_830.0)
    assert sorted(said) == sorted(shown)
    found = to_json(progress, 11_830.0)
    described = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE.partition("`--json` has all of it:")[2], re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(described))) == found.keys()
    (runner,) = re.findall(r"^\| `runners` \| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", runner)) == found["runners"][0].keys() | {"key", "cell", "expected_seconds"}


def test_the_forms_of_the_log_are_on_the_page():
    assert all(f"--log {form}" in PAGE for form in FORMS if form != "text")
