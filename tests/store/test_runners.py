from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from fairforget.errors import FairforgetError
from fairforget.store import runners
from fairforget.store.runners import joined, run_lock

RUNNER = """
import sys
from pathlib import Path
from fairforget.store.runners import joined, run_lock
folder, study = Path(sys.argv[1]), sys.argv[2]
with joined(folder, study) if study else run_lock(folder):
    print("there", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(runners, "_PATIENCE", 0.1)


@contextmanager
def another(folder, study):
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(folder), study], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "there\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_runs_of_one_study_share_a_folder_and_know_of_each_other(tmp_path):
    with joined(tmp_path / "run", "a") as alone:
        assert alone.others == ()
        assert alone.guarded
    with another(tmp_path / "run", "a") as first, joined(tmp_path / "run", "a") as company:
        (other,) = company.others
        assert other.startswith(f"process {first.pid} on ")
        with another(tmp_path / "run", "a") as second, joined(tmp_path / "run", "a") as last:
            assert len(last.others) == 3
            second.communicate("")
        first.communicate("")
    assert left(tmp_path / "run") == [".lock"]


def test_another_study_waits_its_turn(tmp_path):
    with (
        another(tmp_path, "a") as first,
        pytest.raises(FairforgetError, match=rf"'fairforget run' of another study \(process {first.pid} on "),
        joined(tmp_path, "b"),
    ):
        pass
    with joined(tmp_path, "b") as company:
        assert company.others == ()


def test_the_dead_are_no_company(tmp_path):
    with another(tmp_path, "a") as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert len(left(tmp_path)) == 3
        with joined(tmp_path, "b") as company:
            assert company.others == ()
    assert left(tmp_path) == [".lock"]


def test_who_stays_clears_up_after_one_that_dies(tmp_path):
    with joined(tmp_path, "a"), another(tmp_path, "a") as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert len(left(tmp_path)) == 4
    assert left(tmp_path) == [".lock"]


def test_who_wants_the_folder_alone_is_refused_while_a_run_is_there(tmp_path):
    with (
        another(tmp_path, "a") as first,
        pytest.raises(FairforgetError, match=rf"in use by a 'fairforget run' \(process {first.pid} on "),
        run_lock(tmp_path),
    ):
        pass
    with run_lock(tmp_path):
        pass


@pytest.mark.parametrize("come", [run_lock, lambda folder: joined(folder, "a")])
def test_nobody_comes_in_while_one_has_it_alone(tmp_path, come):
    with (
        another(tmp_path, "") as first,
        pytest.raises(FairforgetError, match=rf"another command \(process {first.pid} on .*choose another folder"),
        come(tmp_path),
    ):
        pass
    with come(tmp_path):
        pass


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "run").write_text("")
    for come in (run_lock(tmp_path / "run"), joined(tmp_path / "run", "a")):
        with pytest.raises(FairforgetError, match="a file is where a folder should be"), come:
            pass


def test_an_error_inside_is_not_taken_for_one_of_the_lock(tmp_path):
    for kind in (OSError, TimeoutError):
        for come in (run_lock(tmp_path), joined(tmp_path, "a")):
            with pytest.raises(kind, match=r"^mine$"), come:
                raise kind("mine")
    assert left(tmp_path) == [".lock"]


def test_without_locks_it_is_said_and_nobody_is_refused(tmp_path, monkeypatch):
    def missing(handle, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    with joined(tmp_path, "a") as one, joined(tmp_path, "b") as two:
        assert (one.guarded, two.guarded) == (False, False)
        assert two.others == ()


def test_a_program_that_a_dead_run_has_started_keeps_no_place(tmp_path):
    with another(tmp_path, "a") as first:
        script = "import subprocess as s; print(s.Popen(['sleep', '30'], stdout=s.DEVNULL).pid)"
        code = RUNNER.replace('print("there", flush=True)', f"exec({script!r}); print('there', flush=True)")
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        sleeper = int(process.stdout.readline())
        process.stdout.readline()
        process.kill()
        process.communicate()
        first.communicate("")
    try:
        with joined(tmp_path, "b") as company:
            assert company.others == ()
    finally:
        os.kill(sleeper, signal.SIGKILL)
