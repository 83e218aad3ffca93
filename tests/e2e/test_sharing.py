"""Several runs of one study, as docs/how-to/share-a-study.md has them: in one folder at once, and in parts."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from fairforget.cli import main

pytestmark = pytest.mark.slow

STUDY = """\
name: shared
task: {smallest}
samplers: [random, {{name: binned, by: loss, bins: 2, match: none}}]
draws: 2
forget_size: 1
methods: [untouched, {{name: retrain, draws: 1}}, grad-ascent]
seeds: 2
budget: {{updates: 2}}
optimizer: {{lr: 1.0e-3, batch_size: 1}}
engine: inline
"""
CELLS = 3 * (2 + 1 + 2 * 2)

TRACKER = """
import json, os
from pathlib import Path
from fairforget import hookimpl
from fairforget.study.cell import cell_key

def say(*line):
    with (Path(__file__).parent / "events").open("a") as file:
        file.write(json.dumps([os.getpid(), *line]) + "\\n")

@hookimpl
def fairforget_study_started(study, plan):
    say("study", len(plan))

@hookimpl
def fairforget_cell_started(cell):
    say("started", cell_key(cell))

@hookimpl
def fairforget_cell_finished(cell, record):
    say("finished", cell_key(cell), record["status"])

@hookimpl
def fairforget_study_finished(study, results):
    say("results", results["cells"])
"""

# Whichever run comes to its third cell first stays there, with the cell in its hands.
HOLDER = """
import os, time
from pathlib import Path
from fairforget import hookimpl

begun = []

@hookimpl
def fairforget_cell_started(cell):
    begun.append(cell)
    if len(begun) == 3:
        try:
            (Path(__file__).parent / "held").symlink_to(str(os.getpid()))
        except FileExistsError:
            return
        time.sleep(600)
"""


class Place:
    """A study file, a tracker and a cache of its own."""

    def __init__(self, folder, task):
        self.folder, self.file, self.started = folder, folder / "shared.yaml", []
        self.tracker = folder / "tracker.py"
        self.file.write_text(STUDY.format(smallest=task))
        self.tracker.write_text(TRACKER)

    def arguments(self, out, *more):
        return ["run", str(self.file), "--out", str(self.folder / out), "--plugin", str(self.tracker), *more]

    def start(self, out, *more):
        environment = {**os.environ, "FAIRFORGET_CACHE": str(self.folder / "cache")}
        command = [sys.executable, "-m", "fairforget", *self.arguments(out, *more)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.started.append(subprocess.Popen(command, env=environment, start_new_session=True, **pipes))
        return self.started[-1]

    def end(self):
        """What a failed test left behind fails no other."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def events(self):
        try:
            return [json.loads(line) for line in (self.folder / "events").read_text().splitlines()]
        except OSError:
            return []


def measured(out):
    """What must not depend on who ran what, and when."""
    names = ("cell", "status", "scores", "items", "item_hashes", "problems")
    records = {path.stem: json.loads(path.read_text()) for path in (out / "cells").glob("*.json")}
    return {key: {name: record[name] for name in names} for key, record in records.items()}


def left(folder):
    return sorted(path.name for path in folder.rglob(".*") if path.name != ".lock")


@pytest.fixture
def place(smallest, tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    place = Place(tmp_path, smallest)
    yield place
    place.end()


@pytest.fixture(scope="module")
def undisturbed(smallest, tmp_path_factory):
    """The records of one run alone, with a cache of its own."""
    place = Place(tmp_path_factory.mktemp("alone"), smallest)
    process = place.start("out")
    process.communicate(timeout=600)
    assert process.returncode == 0
    found = measured(place.folder / "out")
    assert len(found) == CELLS
    return found


def test_two_runs_of_one_study_in_one_folder_at_once(place, undisturbed):
    running = [place.start("out"), place.start("out", "--engine", "local:1")]
    said = [process.communicate(timeout=600) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    out, events = place.folder / "out", place.events()

    def seen(what):
        return Counter(key for _, kind, key, *_ in events if kind == what)

    assert seen("started") == seen("finished") == Counter(list(undisturbed)), "each cell ran once, and was told once"
    assert measured(out) == undisturbed
    assert [line[2] for line in events if line[1] == "results"] == [CELLS, CELLS], "both boards are of all cells"
    cells = [record["cell"] for record in undisturbed.values()]
    oracles = {cell["draw"]["digest"] for cell in cells if cell["method"]["name"] == "fairforget/retrain"}
    made = list((place.folder / "cache" / "targets").glob("[!.]*"))
    assert len(made) == 1 + len(oracles), "the target, and an oracle a forget set"
    assert sum("sharing" in err for _, err in said) == 1, "the second one is told"
    for shown, err in said:
        assert f"{CELLS} of {CELLS} cells" in err or "0 cells to run" in err
        assert "board.md" in shown
    assert left(out) == []


def test_one_of_two_is_killed_and_the_other_ends_the_study(place, undisturbed):
    holder = place.folder / "holder.py"
    holder.write_text(HOLDER)
    running = [place.start("out", "--plugin", str(holder)) for _ in range(2)]
    held, end = place.folder / "held", time.monotonic() + 300
    while not held.is_symlink():
        assert time.monotonic() < end
        time.sleep(0.01)
    killed, other = sorted(running, key=lambda process: process.pid != int(os.readlink(held)))
    assert killed.poll() is None
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    _, err = other.communicate(timeout=600)
    assert other.returncode == 0, err
    finished = Counter(key for _, kind, key, *_ in place.events() if kind == "finished")
    assert finished == Counter(list(undisturbed)), "what was done is not done again, and what was held is done"
    assert measured(place.folder / "out") == undisturbed
    assert left(place.folder / "out") == []


def test_parts_copied_together_are_the_whole(place, undisturbed, capsys):
    parts = [place.folder / f"part{number}" for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        assert main(place.arguments(part.name, "--shard", f"{number}/3")) == 0
        shown = capsys.readouterr()
        assert f"part {number}/3 of the study: " in shown.err
        board = json.loads((part / "board.json").read_text())
        assert board["planned"] == CELLS
        assert board["missing"] == CELLS - board["cells"] > 0
        assert f"{board['missing']} missing" in (part / "board.md").read_text()
    found = [measured(part) for part in parts]
    assert sum(map(len, found)) == CELLS
    draws = [{cell["cell"]["draw"]["digest"] for cell in part.values()} for part in found]
    assert not draws[0] & draws[1] | draws[1] & draws[2] | draws[0] & draws[2], "whole forget sets"

    merged = place.folder / "merged"
    for part in parts:
        shutil.copytree(part, merged, dirs_exist_ok=True)
    assert measured(merged) == undisturbed
    assert main(["status", str(merged), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["remaining"] == 0
    assert main(place.arguments("merged")) == 0
    assert "0 cells to run" in capsys.readouterr().err
    assert main(["board", *map(str, parts), "--format", "json"]) == 0
    both = [json.loads(capsys.readouterr().out), json.loads((merged / "board.json").read_text())]
    assert both[0]["missing"] == both[1]["missing"] == 0
    assert both[0]["tables"] == both[1]["tables"]


def test_a_part_without_cells_ends_well_and_the_same_part_again_has_nothing_to_do(place, capsys):
    sets = ("--set", "draws=1", "--set", "seeds=1", "--set", "samplers=[random]", "--set", "methods=[untouched]")
    assert main(place.arguments("out", *sets, "--shard", "2/2")) == 0
    assert "part 2/2 of the study: 0 of 1 cells" in capsys.readouterr().err
    assert json.loads((place.folder / "out" / "board.json").read_text())["missing"] == 1
    for said in ("1 cells to run", "0 cells to run"):
        assert main(place.arguments("out", *sets, "--shard", "1/2")) == 0
        assert said in capsys.readouterr().err


def test_without_locks_a_run_says_so_and_goes_on(place, capsys, monkeypatch):
    def missing(handle, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    sets = ("--set", "draws=1", "--set", "seeds=1", "--set", "samplers=[random]", "--set", "methods=[untouched]")
    assert main(place.arguments("out", *sets)) == 0
    assert "has no locks: two runs there at once would run cells twice" in capsys.readouterr().err
    assert len(measured(place.folder / "out")) == 1
    assert left(place.folder / "out") == []


def test_what_a_part_would_run_is_told_beforehand(place, capsys):
    shares = []
    for number in (1, 2):
        assert main(place.arguments("out", "--dry-run", "--shard", f"{number}/2")) == 0
        shown = capsys.readouterr().out
        shares += [int(line.split()[3]) for line in shown.splitlines() if line.startswith(f"part {number}/2 runs ")]
    assert sum(shares) == CELLS
    assert len(shares) == 2


@pytest.mark.parametrize("text", ["3/2", "0/2", "half"])
def test_a_part_that_there_is_not_is_refused_before_anything_is_done(place, capsys, text):
    assert main(place.arguments("out", "--shard", text)) == 2
    assert f"--shard {text}: write I/N" in capsys.readouterr().err
    assert not (place.folder / "out").exists()
