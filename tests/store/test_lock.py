from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from fairforget.errors import FairforgetError
from fairforget.store.lock import run_lock

HOLDER = """
import sys, time
from pathlib import Path
from fairforget.store.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_second_run_in_a_folder_is_told_who_holds_it(tmp_path):
    with holder(tmp_path / "run") as first:
        with pytest.raises(FairforgetError, match=f"process {first.pid} on ") as caught, run_lock(tmp_path / "run"):
            pass
        assert str(tmp_path / "run") in str(caught.value)
        with run_lock(tmp_path / "another"):
            pass
        first.communicate("")
    with run_lock(tmp_path / "run"):
        pass


def test_the_lock_of_the_dead_is_free(tmp_path):
    with holder(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with run_lock(tmp_path):
            assert json.loads((tmp_path / ".lock-owner.json").read_text())["pid"] == os.getpid()


def test_it_is_free_after_an_error_inside(tmp_path):
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path):
        raise ZeroDivisionError
    with run_lock(tmp_path):
        pass
    assert not (tmp_path / ".lock-owner.json").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"pid": "x", "host": 1}', "{" * 5000])
def test_an_owner_that_says_nothing_sensible(tmp_path, text):
    with holder(tmp_path):
        (tmp_path / ".lock-owner.json").write_text(text)
        with pytest.raises(FairforgetError, match="in use by another 'fairforget run';"), run_lock(tmp_path):
            pass


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(FairforgetError, match="a file is where a folder should be"), run_lock(tmp_path / "run"):
        pass
