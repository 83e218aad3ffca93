from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from fairforget.store.lock import holder, locked, told, try_lock

HOLDER = """
import sys
from pathlib import Path
from fairforget.store.lock import try_lock
assert try_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_lock_is_one_holders_and_says_whose(tmp_path):
    path = tmp_path / "new" / "lock"
    with held_by_another(path) as other:
        assert try_lock(path) is None
        assert holder(path).startswith(f"process {other.pid} on ")
        assert try_lock(tmp_path / "new" / "another") is not None
        other.communicate("")
    assert try_lock(path) is not None


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_the_dead_is_free(tmp_path, deadly):
    path = tmp_path / "lock"
    with held_by_another(path) as other:
        other.send_signal(deadly)
        other.wait()
        lock = try_lock(path)
        assert lock is not None
        assert told(path)["pid"] == os.getpid()


def test_who_waits_takes_over_when_the_holder_dies(tmp_path):
    path, waits = tmp_path / "lock", []
    with held_by_another(path) as other:
        threading.Timer(0.3, other.kill).start()
        begin = time.monotonic()
        with locked(path, waits.append):
            assert time.monotonic() - begin > 0.2
    assert len(waits) == 1
    assert waits[0].startswith(f"process {other.pid} on ")


def test_patience_ends(tmp_path):
    with (
        held_by_another(tmp_path / "lock") as other,
        pytest.raises(TimeoutError, match=f"process {other.pid} on "),
        locked(tmp_path / "lock", patience=0.1),
    ):
        pass


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_jumps_breaks_no_lock(tmp_path, monkeypatch, jump):
    path, real = tmp_path / "lock", time.time
    with held_by_another(path):
        os.utime(path, (real() + jump, real() + jump))
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        assert try_lock(path) is None
        with pytest.raises(TimeoutError), locked(path, patience=0.2):
            pass


def test_it_is_free_after_an_error_inside(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock"):
        raise ZeroDivisionError
    assert try_lock(tmp_path / "lock") is not None


def test_it_is_let_go_once(tmp_path):
    """Afterwards its number may be that of another open file, and its name that of another's lock."""
    path = tmp_path / "lock"
    first = try_lock(path)
    first.release(remove=True)
    second = try_lock(path)
    first.release(remove=True)
    first.tell(study="not mine")
    assert try_lock(path) is None
    assert "study" not in told(path)
    second.release()


def test_two_threads_of_one_process_keep_each_other_out(tmp_path):
    with locked(tmp_path / "lock"):
        assert try_lock(tmp_path / "lock") is None


def test_whose_file_was_removed_meanwhile_does_not_hold_it(tmp_path, monkeypatch):
    """Between opening and locking, the last holder removes the file and another one makes it anew."""
    path, real, new = tmp_path / "lock", fcntl.flock, []
    old = try_lock(path)

    def late(handle, operation):
        if not new:
            monkeypatch.setattr(fcntl, "flock", real)
            old.release(remove=True)
            new.append(try_lock(path))
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    assert try_lock(path) is None
    assert new[0].guards
    new[0].release(remove=True)
    assert list(tmp_path.iterdir()) == []


def test_many_take_turns(tmp_path):
    """Nobody is inside beside another, though the file is made and removed all the time."""
    script = """
import sys
from pathlib import Path
from fairforget.store.lock import try_lock
folder, done = Path(sys.argv[1]), 0
while done < 200:
    if (lock := try_lock(folder / "lock")) is None:
        continue
    (folder / "inside").touch(exist_ok=False)
    (folder / "inside").unlink()
    lock.release(remove=True)
    done += 1
"""
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_guards_nothing_and_stops_nobody(tmp_path, monkeypatch, number):
    def missing(handle, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", missing)
    with locked(tmp_path / "lock") as first, locked(tmp_path / "lock") as second:
        assert not first.guards
        assert not second.guards
    lock = try_lock(tmp_path / "another")
    lock.release(remove=True)
    assert not (tmp_path / "another").exists()


def test_another_error_is_raised_and_no_file_stays_open(tmp_path, monkeypatch):
    def broken(handle, operation):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", broken)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="Input/output error"):
        try_lock(tmp_path / "lock")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        try_lock(tmp_path / "link")
    assert not (tmp_path / "precious").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"pid": "x", "host": 1}', '{"pid": true, "host": "x"}', "[" * 5000])
def test_a_holder_that_says_nothing_sensible(tmp_path, text):
    with held_by_another(tmp_path / "lock"):
        (tmp_path / "lock").write_text(text)
        assert holder(tmp_path / "lock") == "another process"
        assert isinstance(told(tmp_path / "lock"), dict)


def test_what_a_holder_tells_is_read_by_others(tmp_path):
    with locked(tmp_path / "lock") as lock:
        lock.tell(study="s" * 64)
        assert json.loads((tmp_path / "lock").read_text())["study"] == "s" * 64
        lock.tell(study="short")
        assert told(tmp_path / "lock")["study"] == "short"
