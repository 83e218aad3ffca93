"""The commands of docs/how-to/import.md, as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from fairforget.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "import.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_import(logs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, forgotten in (("npo", 2.0), ("retain90", 1.0)):
        found = logs.losses(forgotten=forgotten)
        logs.write(tmp_path / name / "eval_log_aggregated.json", logs.tofu_log(found))
    for name, forgotten in (("unlearn/npo", 2.0), ("unlearn/simnpo", 1.5), ("eval/retain90", 1.0), ("eval/full", 0.0)):
        found = logs.losses(forgotten=forgotten)
        logs.write(tmp_path / "saves" / name / "TOFU_EVAL.json", logs.open_unlearning(found))
    commands = re.findall(r"^\$ fairforget (.*)$", PAGE, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["import", "import", "board"]
    for command in commands:
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    board = capsys.readouterr().out
    for row in ("npo", "simnpo", "retrain", "untouched"):
        assert row in board
