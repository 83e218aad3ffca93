"""Packs of a claim that was run, and packs that nobody made by packing."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil

import pytest

from fairforget.claims.packs.folders import pack


@pytest.fixture
def copied(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    return planned, tmp_path / "out"


@pytest.fixture
def packs(copied, tmp_path):
    pack(copied[1], tmp_path / "packs")
    return tmp_path / "packs"


@pytest.fixture
def forged(tmp_path):
    """Write a pack of a head and contents, compressed as given, and return its path."""
    path = tmp_path / "by-hand" / "one.pack.xz"
    path.parent.mkdir()

    def write(content=b"", head=None, compressed=lzma.compress, **changes):
        whole = {
            "kind": "fairforget claims pack",
            "schema": 1,
            "study": "by-hand",
            "site": "one",
            "files": [["plan.json", len(content)]],
            "sha256": hashlib.sha256(content).hexdigest(),
            **changes,
        }
        line = json.dumps(whole).encode() if head is None else head
        path.write_bytes(compressed(line + b"\n" + content))
        return path

    return write
