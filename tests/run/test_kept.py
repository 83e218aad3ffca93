"""Kept results: found again, made again where anything about the file is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
