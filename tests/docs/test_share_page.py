"""The commands of the page on sharing, with a study of three cells."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import fairforget
from fairforget.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "share-a-study.md").read_text(encoding="utf-8")
STUDY = """\
name: mine
task: {smallest}
draws: 3
forget_size: 1
methods: [untouched]
budget: {{updates: 1}}
optimizer: {{lr: 1.0e-3, batch_size: 1}}
engine: inline
"""


@pytest.mark.slow
def test_the_parts_of_the_page_are_the_whole(smallest, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    Path("mine.yaml").write_text(STUDY.format(smallest=smallest))
    section = PAGE.partition("## In parts")[2].partition("## What is made once")[0]
    commands = [line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ ")]
    assert len(commands) == 6
    for command in commands:
        words = shlex.split(command)
        if words[0] == "fairforget":
            assert main(words[1:]) == 0, command
        else:
            subprocess.run(words, check=True)
    assert "0 cells to run: all 3 are there" in capsys.readouterr().err
    boards = {name: json.loads(Path(name, "board.json").read_text()) for name in ("part1", "part2", "part3", "whole")}
    assert [(board["cells"], board["missing"]) for board in boards.values()] == [(1, 2), (1, 2), (1, 2), (3, 0)]
    assert len(set(fairforget.run("mine.yaml", "part1", shard="1/3")["key"])) == 1
    inline = re.search(r"`fairforget (board part1 part2 part3)`", section)
    assert main(inline[1].split()) == 0


def test_the_dry_run_of_the_page(smallest, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(STUDY.format(smallest=smallest))
    option = re.search(r"`(--dry-run --shard 1/3)`", PAGE)[1]
    assert main(["run", "mine.yaml", *option.split()]) == 0
    assert "part 1/3 runs 1 of the 3 cells" in capsys.readouterr().out
