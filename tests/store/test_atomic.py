from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairforget.errors import FairforgetError
from fairforget.store.atomic import remove_partials, write_bytes, write_text

WRITER = """
import sys
from pathlib import Path
from fairforget.store.atomic import write_bytes
path, number = Path(sys.argv[1]), 0
print("started", flush=True)
while True:
    number += 1
    write_bytes(path, b"%08d" % number * 200_000)
"""


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    write_text(path, "älter")
    write_text(path, "neu")
    assert path.read_text(encoding="utf-8") == "neu"
    assert os.listdir(path.parent) == ["file.txt"]


def test_the_umask_decides_who_may_read(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "file", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


class Full:
    """A disk that is full from the given system call on."""

    def __init__(self, monkeypatch, call, code):
        def fail(*_args, **_kwargs):
            raise OSError(code, os.strerror(code))

        if call == "write":
            real = os.fdopen

            def fdopen(handle, mode):
                file = real(handle, mode, buffering=0)

                class Half:
                    def __enter__(self):
                        return self

                    def __exit__(self, *_):
                        file.close()

                    def write(self, content):
                        file.write(content[: len(content) // 2])
                        fail()

                return Half()

            monkeypatch.setattr(os, "fdopen", fdopen)
        elif call == "replace":
            monkeypatch.setattr(Path, "replace", fail)
        else:
            monkeypatch.setattr(os, call, fail)


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "no space is left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_disk_refuses_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, call, code, told):
    path = tmp_path / "file"
    path.write_text("old")
    with monkeypatch.context() as patch:
        Full(patch, call, code)
        with pytest.raises(FairforgetError, match=told) as caught:
            write_text(path, "new" * 1000)
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FairforgetError, match="may not write"):
        write_text(tmp_path / "file", "x")
    tmp_path.chmod(0o700)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(FairforgetError, match="a file is where a folder should be"):
        write_text(tmp_path / "runs" / "file", "x")


def test_a_folder_where_the_file_should_be(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(FairforgetError, match="a folder is where the file should be"):
        write_text(tmp_path / "file", "x")
    assert os.listdir(tmp_path) == ["file"]


def test_an_interrupt_leaves_no_part(tmp_path, monkeypatch):
    def interrupted(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "file", "x")
    assert os.listdir(tmp_path) == []


def test_a_killed_writer_leaves_no_half_file_and_its_partial_is_recognised(tmp_path):
    path = tmp_path / "file"
    for delay in (0.0, 0.003, 0.007, 0.011, 0.02):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = path.read_bytes()
        assert len(content) == 8 * 200_000
        assert content == content[:8] * 200_000
    removed = remove_partials(tmp_path)
    assert os.listdir(tmp_path) == ["file"]
    assert all(name.suffix == ".partial" for name in removed)


def test_partials_of_the_living_and_files_of_others_stay(tmp_path, monkeypatch):
    kept = {}

    def look(_handle):
        kept["mine"] = set(os.listdir(tmp_path))
        remove_partials(tmp_path)
        assert set(os.listdir(tmp_path)) == kept["mine"]

    others = {".hidden.partial", "record.partial", ".x.zzzzzzzz-1-00000000.partial"}
    for name in others:
        (tmp_path / name).write_text("")
    monkeypatch.setattr(os, "fsync", look)
    write_bytes(tmp_path / "file", b"x")
    assert len(kept["mine"] - others - {"file"}) <= 1
    assert set(os.listdir(tmp_path)) == {*others, "file"}


def test_a_partial_of_another_machine_goes_after_a_day(tmp_path):
    partial = tmp_path / ".record.json.00000000-1-00000000.partial"
    partial.write_text("")
    assert remove_partials(tmp_path) == []
    two_days_ago = time.time() - 2 * 86_400
    os.utime(partial, (two_days_ago, two_days_ago))
    assert remove_partials(tmp_path) == [partial]


def test_a_process_number_that_cannot_be(tmp_path):
    from fairforget.store import atomic

    partial = tmp_path / f".x.{atomic._host()}-9999999999-00000000.partial"
    partial.write_text("")
    assert remove_partials(tmp_path) in ([], [partial])


@pytest.mark.parametrize("vanishes", [1, 2, 3])
def test_a_temporary_file_that_somebody_clears_away_is_written_again(tmp_path, monkeypatch, vanishes):
    path, real, left = tmp_path / "runs" / "file", Path.replace, [vanishes]

    def replace(partial, target):
        if left[0]:
            left[0] -= 1
            partial.unlink()
        return real(partial, target)

    monkeypatch.setattr(Path, "replace", replace)
    if vanishes < 3:
        write_text(path, "whole")
        assert path.read_text() == "whole"
    else:
        with pytest.raises(FairforgetError, match="No such file"):
            write_text(path, "whole")
    assert [name for name in os.listdir(path.parent) if name != "file"] == []
