"""Kept results: found again, made again where anything about the file is wrong."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from fairforget.errors import MachineFault
from fairforget.run.kept import keep, read_kept

IDENTITY = {"kind": "scores", "target": "abc", "sigma": 1e-3}


def make(log: list[int]) -> Any:
    def content() -> dict[str, Any]:
        log.append(1)
        return {"values": [0.1, None, 3.0]}

    return content


def test_made_once_and_found_again(tmp_path: Path) -> None:
    log: list[int] = []
    first = keep(tmp_path / "scores", IDENTITY, make(log))
    assert keep(tmp_path / "scores", IDENTITY, make(log)) == first == {"values": [0.1, None, 3.0]}
    assert len(log) == 1


@pytest.mark.parametrize("change", [{"target": "abd"}, {"sigma": 1.0001e-3}, {"kind": "pool"}, {"more": 1}])
def test_a_change_in_any_part_of_the_identity_is_another_result(tmp_path: Path, change: dict[str, Any]) -> None:
    log: list[int] = []
    keep(tmp_path, IDENTITY, make(log))
    keep(tmp_path, IDENTITY | change, make(log))
    assert len(log) == 2


def tamper(text: str) -> list[str]:
    whole = json.loads(text)
    edited = json.dumps(whole | {"content": {"values": [0.2, None, 3.0]}})
    foreign = json.dumps(whole | {"identity": IDENTITY | {"target": "other"}})
    return [text[: len(text) // 2], "", "[]", "[" * 100_000, edited, foreign]


@pytest.mark.parametrize("case", range(6))
def test_a_torn_edited_or_foreign_file_is_made_again(tmp_path: Path, case: int) -> None:
    log: list[int] = []
    keep(tmp_path, IDENTITY, make(log))
    (file,) = tmp_path.glob("*.json")
    file.write_text(tamper(file.read_text())[case])
    assert read_kept(tmp_path, IDENTITY) is None
    assert keep(tmp_path, IDENTITY, make(log)) == {"values": [0.1, None, 3.0]}
    assert len(log) == 2
    assert read_kept(tmp_path, IDENTITY) == {"values": [0.1, None, 3.0]}


def test_nothing_is_kept_of_what_could_not_be_made(tmp_path: Path) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        keep(tmp_path, IDENTITY, broken)
    assert list(tmp_path.glob("*.json")) == []


HOLDER = """
import sys, time
from pathlib import Path
from fairforget.run.kept import keep

def make():
    print("making", flush=True)
    time.sleep(float(sys.argv[2]))
    return {"values": ["theirs"]}

keep(Path(sys.argv[1]), {"kind": "scores"}, make)
"""


@pytest.mark.parametrize(("seconds", "dies", "value"), [(0.3, False, "theirs"), (60, True, "mine")])
def test_who_comes_second_waits_and_makes_it_where_the_first_dies(
    tmp_path: Path, seconds: float, dies: bool, value: str
) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path), str(seconds)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "making\n"
    if dies:
        threading.Timer(0.3, other.kill).start()
    assert keep(tmp_path, {"kind": "scores"}, lambda: {"values": ["mine"]}) == {"values": [value]}
    other.communicate()


def test_what_a_dead_writer_left_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    partial = tmp_path / f".abc.json.{host}-{dead.pid}-00000000.partial"
    partial.write_text("{")
    keep(tmp_path, IDENTITY, make([]))
    assert not partial.exists()


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineFault, match=r"cannot write .*a file is where a folder should be"):
        keep(tmp_path / "file" / "scores", IDENTITY, make([]))
