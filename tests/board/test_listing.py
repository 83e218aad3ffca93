"""The files of a folder are the same, whoever looks at them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.board.kept import listing as module
from fairforget.board.kept import reading
from fairforget.board.kept.listing import Listing
from fairforget.errors import FairforgetError
from fairforget.store.files import record_files

KEY = "0123456789abcdef01234567"


def made(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(name)
    return folder


def looked(folder, beside):
    rejected = []
    with Listing(folder, beside=beside) as found:
        return found.stamps(rejected), rejected


@pytest.fixture
def asked(monkeypatch):
    """Notes with what code every process of a listing ended."""
    codes = []
    real = subprocess.Popen.communicate

    def watched(process, *args, **kwargs):
        told = real(process, *args, **kwargs)
        codes.append(process.returncode)
        return told

    monkeypatch.setattr(subprocess.Popen, "communicate", watched)
    return codes


@pytest.mark.parametrize("inner", ["cells", "task-v1/target/dist__method", "."])
@pytest.mark.parametrize("name", ["run", "a b\n'c'", "\udcff\udcfe", "-P"])
def test_a_process_beside_finds_the_same_files(tmp_path, monkeypatch, asked, inner, name):
    monkeypatch.chdir(tmp_path)
    made(tmp_path / name / inner, [f"{KEY}.json", f"{KEY[::-1]}.json", "other.json"])
    for folder in (tmp_path / name, Path(name)):
        stamps, rejected = looked(folder, beside=True)
        assert stamps == looked(folder, beside=False)[0] == {f.path: f.stamp for f in record_files(folder, [])}
        assert len(stamps) == 2
        assert not rejected
    assert asked == [0, 0]


def test_an_empty_folder_has_no_files(tmp_path, asked):
    assert looked(made(tmp_path / "run", []), beside=True) == ({}, [])
    assert asked == [0]


def test_a_link_that_leads_out_is_rejected(tmp_path, asked):
    folder = made(tmp_path / "run", [f"{KEY}.json"])
    outside = made(tmp_path / "outside", [f"{KEY[::-1]}.json"])
    os.symlink(outside / f"{KEY[::-1]}.json", folder / f"{KEY[::-1]}.json")
    stamps, (rejected,) = looked(folder, beside=True)
    assert list(map(os.path.basename, stamps)) == [f"{KEY}.json"]
    assert "a link" in rejected.reason
    assert asked == [1]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FairforgetError, match="there is no folder"):
        looked(tmp_path / "run", beside=True)


def test_without_a_process_the_files_are_looked_at_here(tmp_path, monkeypatch):
    folder = made(tmp_path / "run", [f"{KEY}.json"])
    whole = looked(folder, beside=False)
    monkeypatch.setattr(module.sys, "executable", str(tmp_path / "no python"))
    assert looked(folder, beside=True) == whole


def test_a_process_that_nobody_waits_for_is_ended(tmp_path):
    folder = made(tmp_path / "run", [f"{KEY}.json"])
    with Listing(folder, beside=True) as found:
        process = found._process
    assert process.returncode is not None


def test_beside_a_large_index_a_process_looks(factory, tmp_path, monkeypatch, asked):
    factory.write(factory.make_study(draws=3, seeds=2), tmp_path / "run")

    def read():
        return reading.read_for_board([tmp_path / "run"], cache=tmp_path / "cache", indexed=1)

    monkeypatch.setattr("fairforget.board.kept.index._YOUNG", -1e9)
    monkeypatch.setattr(reading, "_processes", lambda: 2)
    first, again = read(), read()
    assert asked == []
    monkeypatch.setattr(reading, "_LARGE", 0)
    assert read().records == again.records
    assert [record.key for record in first.records] == [record.key for record in again.records]
    assert asked == [0]


def test_looking_at_files_takes_no_large_library():
    code = (
        "import fairforget.board.kept.listing, sys; print([m for m in ('numpy', 'scipy', 'torch') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
