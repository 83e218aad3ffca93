"""What a run tells of itself in its folder, and what is read of it from elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys

import pytest

from fairforget.run.telling import Telling
from fairforget.store.lock import MOST
from fairforget.store.present import present
from fairforget.store.runners import joined, run_lock


def cell(seed=0, name="npo"):
    curriculum = {"name": "rising"} if seed else None
    return {"method": {"name": name}, "curriculum": curriculum, "draw": {"stratum": "easy", "index": 2}, "seed": seed}


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def test_who_looks_sees_what_a_run_is_at(tmp_path):
    clock, wall = Clock(50.0), Clock(1_700_000_000.0)
    with joined(tmp_path, "digest") as company:
        telling = Telling(company.tell, 2, clock, wall)
        (runner,) = present(tmp_path)
        assert (runner.process, runner.slots, runner.since, runner.stage) == (os.getpid(), 2, wall.now, None)
        telling.stage("making the target model")
        clock.now, wall.now = 60.0, wall.now + 10
        telling.note("not told")
        (runner,) = present(tmp_path)
        assert (runner.stage, runner.stage_since, runner.cells) == ("making the target model", 1_700_000_000.0, ())
        telling.cells(4, 0)
        telling.started("k1", cell(), None)
        clock.now, wall.now = 65.0, wall.now + 5
        telling.started("k2", cell(1), 12.5)
        (runner,) = present(tmp_path)
        assert runner.stage is None
        first, second = runner.cells
        assert (first.key, first.cell, first.since, first.expected_seconds) == (
            "k1",
            "npo, easy draw 2, seed 0",
            1_700_000_010.0,
            None,
        )
        assert (second.cell, second.since, second.expected_seconds) == (
            "npo + rising, easy draw 2, seed 1",
            1_700_000_015.0,
            12.5,
        )
        telling.finished(cell(), {"key": "k1", "status": "ok"}, 3.0, 1.0)
        (runner,) = present(tmp_path)
        assert [one.key for one in runner.cells] == ["k2"]
        with joined(tmp_path, "digest") as other:
            assert len(other.others) == 1, "and it is still known by its study"
            assert len(present(tmp_path)) == 2
    assert present(tmp_path) == ()


def test_what_is_told_fits_into_one_write_whatever_the_names(tmp_path):
    with joined(tmp_path, "digest") as company:
        telling = Telling(company.tell, 1000)
        for i in range(300):
            telling.started(f"{i:024x}", cell(name="\U0001f600\x1b" * 500), None)
        (path,) = (tmp_path / ".runners").iterdir()
        assert path.stat().st_size <= MOST
        (runner,) = present(tmp_path)
        assert runner.at_work == 300
        assert 1 <= len(runner.cells) < 300
        for i in range(300):
            telling.finished(cell(), {"key": f"{i:024x}", "status": "ok"}, None, 0.0)
        assert present(tmp_path)[0].cells == ()
        assert json.loads(path.read_bytes())["study"] == "digest"


def test_looking_changes_nothing_and_makes_nothing(tmp_path):
    assert present(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []
    with joined(tmp_path, "digest"):
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        tmp_path.chmod(0o500)
        (tmp_path / ".runners").chmod(0o500)
        assert len(present(tmp_path)) == 1
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        tmp_path.chmod(0o700)
        (tmp_path / ".runners").chmod(0o700)


def test_the_dead_are_not_listed_and_stay_for_who_clears_up(tmp_path):
    with joined(tmp_path, "digest"):
        dead = tmp_path / ".runners" / f"{'0' * 16}.lock"
        dead.write_text(json.dumps({"pid": 1, "host": "gone", "study": "digest"}))
        assert [runner.process for runner in present(tmp_path)] == [os.getpid()]
        assert dead.exists()


def test_a_command_that_has_the_folder_alone_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("fairforget.store.present._PAUSE", 0.0)
    with run_lock(tmp_path):
        (runner,) = present(tmp_path)
        assert (runner.process, runner.slots, runner.cells) == (os.getpid(), 0, ())


def test_who_comes_waits_for_who_looks(tmp_path):
    """Others that only look do not keep each other out."""
    with joined(tmp_path, "digest"):
        handle = os.open(tmp_path / ".lock", os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_SH)
        assert len(present(tmp_path)) == 1
        os.close(handle)


ASKER = """
import sys
from pathlib import Path
from fairforget.store.present import present
print("there", flush=True)
while True:
    for runner in present(Path(sys.argv[1])):
        assert runner.process == int(sys.argv[2]), runner
"""


def test_who_looks_all_the_time_keeps_nobody_out(tmp_path):
    """Runs come and go, each of another study: one that was taken for alive would be refused."""
    command = [sys.executable, "-c", ASKER, str(tmp_path), str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "there\n"
            for i in range(60):
                with joined(tmp_path, f"study {i}") as company:
                    assert company.others == ()
            assert process.poll() is None, process.stderr.read()
        finally:
            process.kill()
    with run_lock(tmp_path):
        assert not list((tmp_path / ".runners").glob("*"))


def test_without_locks_nobody_can_tell(tmp_path, monkeypatch):
    with joined(tmp_path, "digest"):

        def flock(handle, how):
            raise OSError(95, "not supported")

        monkeypatch.setattr(fcntl, "flock", flock)
        assert present(tmp_path) is None
        monkeypatch.undo()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 5000,
        b"\xff\xfe",
        b"[]",
        b'{"pid": true, "host": 7, "slots": -1, "since": "x", "stage": [1], "cells": {"a": 1}}',
        b'{"pid": 1e400, "slots": 99999999999999999999, "since": 1e999, "cells": [1, [], [1,2,3,4]], "stage": 3}',
        b'{"pid": -4, "host": "\\u001b[2J", "since": true, "stage": ["\\u202e", -1], "at_work": "many"}',
    ],
)
def test_what_a_stranger_says_of_himself(tmp_path, content):
    with joined(tmp_path, "digest"):
        (path,) = (tmp_path / ".runners").iterdir()
        path.write_bytes(content)
        (runner,) = present(tmp_path)
        assert runner.process is None or runner.process > 0
        assert runner.slots == 0
        assert runner.since is None
        assert runner.stage_since is None
        assert all(one.since is None or one.since >= 0 for one in runner.cells)


@pytest.mark.parametrize("name", [".lock", ".runners/x.lock"])
def test_pipes_and_links_are_not_waited_for(tmp_path, name):
    folder = tmp_path / "run"
    with joined(folder, "digest"):
        pass
    (folder / ".runners").mkdir()
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert present(folder) in ((), None)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    assert present(folder) in ((), None)


def test_runs_behind_a_link_are_not_those_of_the_folder(tmp_path):
    with joined(tmp_path / "other", "digest"):
        with joined(tmp_path / "run", "digest"):
            pass
        (tmp_path / "run" / ".runners").symlink_to(tmp_path / "other" / ".runners")
        assert present(tmp_path / "run") == ()
