"""A study that is watched: its log for machines, its trackers and its folder tell the same as its records."""

from __future__ import annotations

import json

import pytest

from fairforget.cli import main
from fairforget.progress import read_progress
from fairforget.run.progress import seconds_of
from fairforget.store.present import present

pytestmark = pytest.mark.slow

STUDY = """\
name: watched
task:
  name: biographies
  people: 6
  retain_people: 2
  holdout_people: 2
  samples: 1
  world_facts: 0
  frequencies: [1]
  distributions: [in]
  lengths: [short]
  hidden_size: 16
  layers: 1
  vocabulary: 400
  epochs: 1
draws: 3
forget_size: 1
methods: [untouched, moody]
budget: {updates: 1}
optimizer: {lr: 1.0e-3, batch_size: 1}
"""
PLUGIN = """
import json
from pathlib import Path

from fairforget import Entry, hookimpl
from fairforget.api import Method
from fairforget.store.present import present

HERE = Path(__file__).parent


def say(*line):
    with (HERE / "events").open("a") as file:
        file.write(json.dumps(line) + "\\n")


@hookimpl
def fairforget_methods():
    return [Entry("moody", f"{__name__}:Moody")]


class Moody(Method):
    def unlearn(self, run):
        raise ValueError("not in the \\x1b[31m mood")


@hookimpl
def fairforget_study_started(study, plan):
    say("study", len(plan))


@hookimpl
def fairforget_cell_started(cell):
    say("started", cell["method"]["name"], cell["draw"]["index"])


@hookimpl
def fairforget_cell_finished(cell, record, progress):
    say("finished", record["key"], record["status"], progress)
    (runner,) = present(HERE / "out")
    say("present", runner.process, runner.slots, runner.at_work)
    if (HERE / "impatient").exists():
        raise KeyboardInterrupt


@hookimpl
def fairforget_study_finished(study, results):
    say("results", results["cells"])


@hookimpl
def fairforget_study_stopped(study, reason):
    say("stopped", reason)
"""


class Place:
    def __init__(self, folder, capsys):
        self.folder, self.out, self._capsys = folder, folder / "out", capsys
        (folder / "watched.yaml").write_text(STUDY)
        (folder / "moody.py").write_text(PLUGIN)

    def run(self, *more):
        """Run the study; return its exit code, its log, and what its tracker heard."""
        (self.folder / "events").unlink(missing_ok=True)
        files = [str(self.folder / name) for name in ("watched.yaml", "moody.py")]
        code = main(["run", files[0], "--plugin", files[1], "--out", str(self.out), "--log", "json", *more])
        printed = self._capsys.readouterr()
        assert printed.err.isascii()
        assert not printed.out.startswith("{")
        file = self.folder / "events"
        heard = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return code, [json.loads(line) for line in printed.err.splitlines()], heard

    def records(self):
        return {path.stem: json.loads(path.read_text()) for path in (self.out / "cells").glob("*.json")}


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    return Place(tmp_path, capsys)


def named(events, name):
    return [event for event in events if event["event"] == name]


def agree(place, events, heard, keys):
    """What log and tracker have said of cells is what lies in their records."""
    found = {event["key"]: event for event in named(events, "cell-finished")}
    assert found.keys() == {event["key"] for event in named(events, "cell-started")} == keys
    for key in keys:
        record, event = place.records()[key], found[key]
        cell = record["cell"]
        assert event["status"] == record["status"]
        assert event["seconds"] == pytest.approx(seconds_of(record), abs=1e-3)
        assert (event["method"], event["seed"]) == (cell["method"]["name"], cell["seed"])
        assert (event["stratum"], event["draw"]) == (cell["draw"]["stratum"], cell["draw"]["index"])
        problem = record["problems"][0] if record["problems"] else None
        assert event["problem"] == (problem and {"kind": problem["kind"], "message": problem["message"]})
    told = {line[1]: line[3] for line in heard if line[0] == "finished"}
    assert told.keys() == keys
    for key, far in told.items():
        event = found[key]
        assert (far["done"], far["total"], far["failed"]) == (event["done"], event["total"], event["failed"])
    order = [(event["event"], event["key"]) for event in events if event["event"].startswith("cell-")]
    assert all(order.index(("cell-started", key)) < order.index(("cell-finished", key)) for key in keys)


@pytest.mark.parametrize("engine", ["inline", "local:2"])
def test_log_and_tracker_tell_what_the_records_say(place, engine):
    code, events, heard = place.run("--engine", engine)
    assert code == 1, "one method fails"
    assert events[0]["event"] == "run-started"
    assert (events[0]["engine"], events[0]["folder"]) == (engine.partition(":")[0], str(place.out))
    assert {event["study"] for event in events} == {"watched"}
    assert [event["total"] for event in named(events, "cells")] == [6]
    agree(place, events, heard, place.records().keys())
    assert len(place.records()) == 6
    last = named(events, "cell-finished")[-1]
    assert (last["done"], last["total"], last["failed"], last["seconds_left"]) == (6, 6, 3, 0.0)
    ended = events[-1]
    assert (ended["event"], ended["ran"], ended["failed"], ended["lost"]) == ("run-finished", 6, 3, 0)
    assert [line[0] for line in (heard[0], heard[-1])] == ["study", "results"]
    slots = {tuple(line[2:]) for line in heard if line[0] == "present"}
    assert {slot for slot, _ in slots} == {int(engine.partition(":")[2] or 1)}
    assert all(at_work <= 2 for _, at_work in slots)
    assert present(place.out) == (), "it has left"

    # Continued: what is left is told, and nothing else.
    gone = sorted(place.records())[:2]
    for key in gone:
        (place.out / "cells" / f"{key}.json").unlink()
    progress = read_progress(place.out)
    assert progress.remaining == 2
    assert progress.pace.known == 1.0
    code, events, heard = place.run("--engine", engine)
    assert [(event["total"], event["done"]) for event in named(events, "cells")] == [(6, 4)]
    agree(place, events, heard, set(gone))
    assert events[-1]["ran"] == 2


def test_a_run_that_is_interrupted_says_so_in_both(place):
    (place.folder / "impatient").touch()
    code, events, heard = place.run("--engine", "inline")
    assert code == 130
    assert (events[-1]["event"], events[-1]["reason"]) == ("run-stopped", "interrupted")
    assert f"what is done is kept in {place.out}" in events[-1]["message"]
    assert heard[-1] == ["stopped", "interrupted"]
    assert len(named(events, "cell-finished")) == len(place.records()) == 1
    assert present(place.out) == ()


def test_what_is_wrong_with_a_study_is_an_event(place):
    code, events, heard = place.run("--set", "methods=[no-such-method]")
    assert (code, heard) == (2, [])
    (event,) = events
    assert (event["event"], event["reason"]) == ("run-stopped", "error")
    assert "no-such-method" in event["message"]


def test_a_plugin_that_does_not_load_is_an_event(place, site):
    site.install("broken", "import no_such_module\n")
    _, events, _ = place.run("--engine", "inline", "--set", "methods=[untouched]")
    assert any("broken:methods did not load" in event["message"] for event in named(events, "warning"))
