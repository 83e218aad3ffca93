"""Packed evidence: byte for byte what lay in the folders."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
from pathlib import Path

import pytest

from fairforget.claims.packs.folders import pack, unpack
from fairforget.claims.packs.pack_file import is_packed
from fairforget.claims.run import run_claims
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.run.watcher import Silent


def evidence(folder):
    """Return by path what judging may read."""
    paths = (path for path in folder.glob("*/*/**/*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if is_packed(name.split("/", 2)[2])}


def test_a_pack_that_is_elsewhere_lays_the_same_files_and_a_run_goes_on_there(copied, packs, world, tmp_path):
    planned, out = copied
    moved = packs.rename(tmp_path / "moved")
    laid = unpack(moved, tmp_path / "laid")
    assert laid == (tmp_path / "laid" / "by-hand" / "one", tmp_path / "laid" / "by-hand" / "two")
    assert evidence(tmp_path / "laid") == evidence(out)
    assert len(evidence(out)) == 24 + 2 * 3 + 2
    assert not list((tmp_path / "laid").rglob(".*"))
    with pytest.raises(FairforgetError, match="is there already"):
        unpack(moved, tmp_path / "laid")
    assert run_claims([planned], world.registry(), tmp_path / "laid", watcher=Silent()).ran == 0


def test_the_same_files_give_the_same_bytes_whenever_and_in_whatever_order_they_were_written(copied, packs, tmp_path):
    _, out = copied
    again = tmp_path / "again"
    for name, content in reversed(evidence(out).items()):
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_bytes(content)
        os.utime(again / name, (1, 1))
    (again / "by-hand" / "one" / "board.md").write_text("not packed")
    pack(again, tmp_path / "packs-again")
    for path in packs.rglob("*.xz"):
        assert (tmp_path / "packs-again" / path.relative_to(packs)).read_bytes() == path.read_bytes()


def test_the_form_is_as_it_is_described(copied, packs):
    """Read by nothing of ours."""
    _, out = copied
    with lzma.open(packs / "by-hand" / "one.pack.xz") as file:
        head = json.loads(file.readline())
        contents = file.read()
    assert head["sha256"] == hashlib.sha256(contents).hexdigest()
    here = 0
    for name, size in head["files"]:
        assert contents[here : here + size] == (out / "by-hand" / "one" / name).read_bytes()
        here += size
    assert here == len(contents)


def test_records_that_are_alike_take_a_tenth(copied, packs):
    _, out = copied
    packed = sum(path.stat().st_size for path in packs.rglob("*.xz"))
    assert packed < 0.1 * sum(map(len, evidence(out).values()))


def test_the_commands(copied, packs, tmp_path, capsys):
    _, out = copied
    assert main(["claims", "pack", str(out), str(tmp_path / "new")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["pack", "records", "score", "sets", "bytes", "packed"]
    assert said[1].split()[1:3] == ["12", "3"]
    assert said[3].split()[:3] == ["all", "24", "6"]
    assert int(said[3].split()[3].replace(",", "")) == sum(map(len, evidence(out).values()))
    assert main(["claims", "unpack", str(packs), str(tmp_path / "laid")]) == 0
    assert str(Path("by-hand", "one")) in capsys.readouterr().out
