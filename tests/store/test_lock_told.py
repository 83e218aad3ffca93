"""What the holder of a lock says in its file, and asking who holds it without taking it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fairforget.store.lock import MOST, add_to, held_by, is_held, told, try_lock

WRITER = """
import sys
from pathlib import Path
from fairforget.store.lock import try_lock
lock = try_lock(Path(sys.argv[1]))
lock.tell(word="")
print("there", flush=True)
i = 0
while True:
    i += 1
    lock.tell(word="x" * (i * 37 % 3000))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.lock"


def test_the_last_word_counts_however_long_the_one_before(path):
    lock = try_lock(path)
    for word in ("", "x" * 3000, "y", "z" * 50):
        lock.tell(word=word)
        assert (told(path)["word"], told(path)["pid"]) == (word, os.getpid())
    lock.tell(word="x" * MOST)
    assert told(path)["word"] == "z" * 50, "what does not fit is not said"
    assert path.stat().st_size <= MOST
    lock.release()
    lock.tell(word="late")
    assert told(path)["word"] == "z" * 50
    assert try_lock(path) is not None
    assert "word" not in told(path), "the next holder is another"


def test_who_reads_finds_one_word_or_the_next(path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "there\n"
            for _ in range(3000):
                found = told(path)
                assert found["pid"] == process.pid
                assert set(found["word"]) <= {"x"}
        finally:
            process.kill()


def test_asking_takes_nothing_and_makes_nothing(path):
    assert is_held(path) is False
    assert not path.exists()
    lock = try_lock(path)
    assert is_held(path) is True
    assert held_by(path) == f"process {os.getpid()} on {told(path)['host']}"
    lock.release()
    before = path.stat()
    assert is_held(path) is False
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert try_lock(path) is not None


def test_what_is_no_file_cannot_be_asked(path, tmp_path):
    os.mkfifo(path)
    assert is_held(path) is None
    assert told(path) == {}
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert is_held(path) is None
    path.unlink()
    path.mkdir()
    assert is_held(path) is None
    assert told(path) == {}


def test_more_is_said_by_who_has_the_lock_without_its_handle(path):
    add_to(path, word="nobody")
    assert not path.exists()
    lock = try_lock(path)
    add_to(path, word="mine")
    assert told(path)["word"] == "mine"
    assert is_held(path), "closing the second handle lets nobody in"
    assert try_lock(path) is None
    lock.release(remove=True)
