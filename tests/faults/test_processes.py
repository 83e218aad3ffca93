"""Faults of processes side by side, and of a disk that is really full; slower, for each starts the interpreter anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


class Started:
    """A `fairforget run` in a process group of its own."""

    def __init__(self, place, *arguments, wrapper=()):
        asked = place.request(*arguments)
        self.place, self.begun = place, time.monotonic()
        path = os.pathsep.join(filter(None, sys.path))
        environ = {**os.environ, **asked["environ"], "PYTHONPATH": path}
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "fairforget", *asked["argv"]],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environ, start_new_session=True,
        )  # fmt: skip

    def until(self, there, within=120):
        end = time.monotonic() + within
        while not there():
            assert time.monotonic() < end, "it took too long"
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.005)

    def workers(self):
        """Return the processes that do jobs: the children that are no helper of multiprocessing."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = {
            int(pid) for task in children.parent.parent.iterdir() for pid in (task / "children").read_text().split()
        }
        return sorted(pid for pid in pids if "spawn_main" in command_of(pid))

    def end(self, within=20.0):
        asked = time.monotonic()
        _, said = self.process.communicate(timeout=60)
        assert time.monotonic() - asked < within
        assert "Traceback" not in said
        return self.process.returncode, said


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def ended(pid, within=20.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def place(rig, tmp_path):
    return rig["client"].Place(tmp_path / "case", "plain")


def finish(rig, server, references, place):
    """Go on in another engine, and compare with the undisturbed study."""
    before = rig["looks"].records(place)
    (last,) = server.run(place.request())
    assert last.code == 0, last.err
    assert not set(last.records) & set(before)
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []
    assert rig["looks"].leftovers(place) == []


def cells(place):
    return list(place.out.glob("cells/*.json"))


def targets(place):
    return list(place.cache.glob("targets/.*.part"))


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_asked_to_stop_it_stops_in_seconds_and_says_how_to_go_on(rig, server, references, place, name, code):
    run = Started(place, "--engine", "local:2")
    run.until(lambda: len(cells(place)) > 2)
    workers = run.workers()
    assert len(workers) == 2
    # Ctrl-C reaches the whole group, a scheduler's signal the process alone.
    (os.killpg if name == "SIGINT" else os.kill)(run.process.pid, getattr(signal, name))
    found, said = run.end(within=10.0)
    assert found == code
    assert f"what is done is kept in {place.out}, and the same command goes on from there" in said
    assert all(ended(pid) for pid in workers)
    assert not rig["looks"].half_written(place)
    finish(rig, server, references, place)


def test_workers_end_with_a_run_that_is_killed(rig, server, references, place):
    run = Started(place, "--engine", "local:2")
    run.until(lambda: len(cells(place)) > 2)
    workers = run.workers()
    run.process.kill()
    assert run.end()[0] == -signal.SIGKILL
    assert workers
    assert all(ended(pid) for pid in workers)
    finish(rig, server, references, place)


def test_a_worker_that_is_killed_costs_its_cell_alone(rig, server, references, place):
    place.root.mkdir()
    (place.root / "trouble").write_text("killed")
    code, said = Started(place, "--engine", "local:1").end(within=60)
    assert code == 1
    assert "killed by SIGKILL, most often because the machine ran out of memory" in said
    assert len(cells(place)) == 13, "all cells but one"
    finish(rig, server, references, place)


def test_a_worker_that_is_killed_while_it_trains_the_target(rig, server, references, place):
    run = Started(place, "--engine", "local:1")
    run.until(lambda: targets(place))
    for pid in run.workers():
        os.kill(pid, signal.SIGKILL)
    code, said = run.end()
    # The training may have been over when the kill came; then a cell, or nothing, was lost.
    assert code in {0, 1, 2}
    assert (code == 0) or "killed by SIGKILL" in said
    finish(rig, server, references, place)


UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
FULL = """
mount -t tmpfs -o size="$2" none "$1"
shift 2
set +e
"$@"
code=$?
cp -a "$FAULTS_DISK" "$FAULTS_DISK.after"
exit $code
"""


def can_mount(folder):
    try:
        done = subprocess.run([*UNSHARE, 'mount -t tmpfs none "$0"', str(folder)], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.mark.parametrize("kilobytes", [60, 90, 150])
def test_a_disk_that_is_really_full(rig, server, references, place, monkeypatch, kilobytes):
    place.root.mkdir()
    place.out.mkdir()
    if not can_mount(place.out):
        pytest.skip("this system lets its users mount no file system")
    monkeypatch.setenv("FAULTS_DISK", str(place.out))
    run = Started(place, wrapper=(*UNSHARE, FULL, "sh", str(place.out), f"{kilobytes}k"))
    code, said = run.end(within=60)
    assert code == 2, said
    assert "no space is left on the disk; free some and run the same command again, what is done is kept" in said
    place.out.rmdir()
    shutil.move(f"{place.out}.after", place.out)
    assert cells(place)
    assert not rig["looks"].half_written(place)
    assert rig["looks"].leftovers(place) == []
    finish(rig, server, references, place)
