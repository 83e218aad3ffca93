"""Packs of strangers are safe to open."""

from __future__ import annotations

import lzma
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.claims.packs import pack_file
from fairforget.claims.packs.folders import pack, unpack
from fairforget.claims.packs.pack_file import Pack, PackUnusable, is_place, pack_bytes, read_pack
from fairforget.errors import FairforgetError

KEYS = [f"{i:024x}" for i in range(4)]
FILES = {f"cells/{key}.json": f'{{"schema":1,"key":"{key}"}}\n'.encode() for key in KEYS}
PACK = Pack("by-hand", "one", {"plan.json": b"{}\n", **FILES, f"scores/{KEYS[0]}.json": b"\xff no JSON"})


@pytest.fixture(scope="module")
def whole():
    return pack_bytes(PACK)


def test_a_pack_is_read_back(tmp_path, whole):
    path = tmp_path / "by-hand" / "one.pack.xz"
    path.parent.mkdir()
    path.write_bytes(whole)
    assert read_pack(path) == PACK


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_damage_is_noticed(tmp_path_factory, whole, data):
    at = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(("flipped", "cut", "longer")))
    other = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    damaged = {"flipped": whole[:at] + other + whole[at + 1 :], "cut": whole[:at], "longer": whole + other}[how]
    path = tmp_path_factory.mktemp("damage") / "by-hand" / "one.pack.xz"
    path.parent.mkdir()
    path.write_bytes(damaged)
    with pytest.raises(PackUnusable, match=r"one\.pack\.xz"):
        read_pack(path)


@pytest.mark.parametrize(
    "name",
    [
        "../plan.json",
        "/etc/passwd",
        f"cells/../../{KEYS[0]}.json",
        f"cells/{KEYS[0]}.json\n",
        f"cells/{KEYS[0]}.json/x",
        f"cells\\{KEYS[0]}.json",
        "cells/x.json",
        "claims.json",
        ".lock",
        "",
        7,
        None,
    ],
)
def test_no_path_leaves_its_folder(forged, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    path = forged(b"abc", files=[[name, 3]])
    with pytest.raises(PackUnusable, match=r"none of a run|no name and size"):
        unpack(path.parents[1], tmp_path / "laid")
    assert set(tmp_path.rglob("*")) - before == {path}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "fairforget board"}, "does not say"),
        ({"schema": 2}, "has the schema '2'"),
        ({"schema": True}, "has the schema 'True'"),
        ({"more": 1}, "other keys"),
        ({"study": "another"}, "is a pack of another/one; call it so"),
        ({"site": "two"}, "is a pack of by-hand/two; call it so"),
        ({"site": ["one"]}, "call it so"),
        ({"files": {}}, "no list"),
        ({"files": ["plan.json"]}, "no name and size"),
        ({"files": [["plan.json", -1]]}, "no name and size"),
        ({"files": [["plan.json", True]]}, "no name and size"),
        ({"files": [["plan.json", 3.0]]}, "no name and size"),
        ({"files": [["plan.json", 1], ["plan.json", 2]]}, r"names plan\.json twice"),
        ({"files": [["plan.json", 2]]}, "holds 3 bytes and names 2"),
        ({"files": [["plan.json", 10**200]]}, "holds 3 bytes and names"),
        ({"sha256": "0" * 64}, "was changed after it was made"),
        ({"sha256": None}, "was changed after it was made"),
        ({"head": b"[]"}, "does not say"),
        ({"head": b"{"}, "is no pack"),
        ({"head": b'{"kind": NaN}'}, "is no pack"),
        ({"head": b"[" * 100_000}, "is no pack"),
        ({"compressed": lambda whole: whole}, "is damaged, or no pack"),
        ({"compressed": lambda whole: b""}, "is torn"),
        ({"compressed": lambda whole: lzma.compress(whole, format=lzma.FORMAT_ALONE)}, "is damaged, or no pack"),
    ],
)
def test_a_forged_pack_is_refused_with_the_reason(forged, changes, why):
    path = forged(b"abc", **changes)
    with pytest.raises(PackUnusable, match=why):
        read_pack(path)


def test_an_unchanged_forgery_is_a_pack(forged):
    """So that the refusals above are for what was changed."""
    assert read_pack(forged(b"abc")).files == {"plan.json": b"abc"}


def test_what_unpacks_to_more_than_a_pack_has_is_refused_before_it_is_unpacked(forged, monkeypatch):
    monkeypatch.setattr(pack_file, "MOST_UNPACKED", 1 << 20)
    bomb = forged(bytes(4 << 20))
    assert bomb.stat().st_size < 4_000
    with pytest.raises(PackUnusable, match="unpacks to more than 1 MiB"):
        read_pack(bomb)
    with pytest.raises(PackUnusable, match="is too large for one pack"):
        pack_bytes(Pack("s", "t", {"plan.json": bytes(4 << 20)}))


def test_what_asks_for_a_large_dictionary_is_refused(forged):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    path = forged(b"abc", compressed=lambda whole: lzma.compress(whole, filters=filters))
    with pytest.raises(PackUnusable, match=r"[Mm]emory"):
        read_pack(path)


def test_too_many_files_and_too_large_a_file_are_refused(forged, monkeypatch):
    monkeypatch.setattr(pack_file, "MOST_FILES", 1)
    path = forged(files=[["plan.json", 0], [f"cells/{KEYS[0]}.json", 0]])
    with pytest.raises(PackUnusable, match="no list of at most 1"):
        read_pack(path)
    monkeypatch.setattr(pack_file, "MOST_PACKED", 10)
    with pytest.raises(PackUnusable, match="is larger than"):
        read_pack(path)


def test_a_pipe_and_a_link_are_no_packs(packs, tmp_path):
    os.mkfifo(packs / "by-hand" / "three.pack.xz")
    with pytest.raises(PackUnusable, match="regular"):
        unpack(packs, tmp_path / "laid")
    (packs / "by-hand" / "three.pack.xz").unlink()
    (packs / "by-hand" / "three.pack.xz").symlink_to(packs / "by-hand" / "one.pack.xz")
    assert len(unpack(packs, tmp_path / "other")) == 2


@pytest.mark.parametrize("where", ["cells", f"cells/{KEYS[0]}.json", "plan.json"])
def test_links_are_not_packed(copied, tmp_path, where):
    _, out = copied
    path = out / "by-hand" / "one" / where
    if path.exists():
        path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(FairforgetError, match=rf"{where} is a link"):
        pack(out, tmp_path / "packs")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "A", "a..b", "-a", "a-", "ä", "a\n", "x" * 201])
def test_names_that_no_study_has_are_no_places(name):
    assert not is_place(name)
    assert is_place("claims-sets")
    assert is_place("small-0.frequency_2")
