"""The page about memory says what there is: `docs/explanation/memory.md`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fairforget.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "explanation" / "memory.md").read_text(encoding="utf-8")


def shape_of(line: str) -> str:
    """Return a line without its figures."""
    return re.sub(r"[\d.,]+ [MG]iB", "#", line)


def test_a_dry_run_says_what_the_memory_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/explanation/memory.md."""
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path))
    (command,) = re.findall(r"^\$ fairforget (.*)$", PAGE, re.MULTILINE)
    assert main([*command.split(), "--engine", "local:2"]) == 0
    said = [shape_of(line) for line in capsys.readouterr().out.splitlines()]
    (block,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    # Of a machine whose containers are limited it names the limit.
    wanted = [shape_of(line).partition("(this machine")[0] for line in block.splitlines()]
    assert all(any(line.startswith(start) for line in said) for start in wanted)


def test_the_table_has_every_case_and_keeps_to_what_is_promised(measuring: Any) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "| cell |" not in line
    ]
    rows = [row for row in rows if len(row) == 7 and row[0].endswith(" M")]
    assert [(row[0], row[1]) for row in rows] == [(s.name, c.name) for s in measuring.SIZES for c in measuring.CASES]
    (factor,) = re.findall(r"within a factor of ([\d.]+)", PAGE)
    for row in rows:
        estimated, resident, ratio, anonymous, least = (float(cell.replace(",", "")) for cell in row[2:])
        assert ratio == pytest.approx(estimated / resident, abs=0.006)
        assert 1 / float(factor) < ratio < float(factor)
        assert least <= anonymous < resident


def test_the_factor_of_the_page_is_that_of_the_test() -> None:
    source = Path(__file__).with_name("test_measured.py").read_text(encoding="utf-8")
    (factor,) = re.findall(r"within a factor of ([\d.]+)", PAGE)
    assert f"WITHIN = {factor}\n" in source
