from __future__ import annotations

import os

import pytest

from fairforget.store.regular import NotRegular, read_regular


def test_one_byte_too_many_shows(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    assert read_regular(tmp_path / "x", 5) == b"12345"
    assert read_regular(tmp_path / "x", 3) == b"1234"


def test_what_would_never_end_is_refused_and_nothing_stays_open(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("pipe", "zero"):
        with pytest.raises(NotRegular, match="not a regular file"):
            read_regular(tmp_path / name, 10)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 10)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_has_is_that_of_none(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / name, 10)
