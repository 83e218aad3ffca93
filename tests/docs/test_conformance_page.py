"""The page on the conformance kit lists the checks there are, and its commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.cli import main
from fairforget.testing.checks import CHECKS
from fairforget.testing.checks.discovery import DISCOVERY
from fairforget.testing.reference import HEADING, checks_section

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "conformance-kit.md").read_text(encoding="utf-8")


def test_the_list_of_checks_is_what_the_kit_has():
    written = HEADING + PAGE.partition(HEADING)[2]
    command = "python -m fairforget.testing.reference docs/reference/conformance-kit.md"
    assert written == checks_section(), f"run: {command}"


def test_every_check_of_every_kind_is_listed_with_a_purpose():
    kinds = {kind for check in CHECKS for kind in check.kinds}
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^###|\Z)", checks_section(), re.MULTILINE | re.DOTALL))
    assert set(sections) == {kind.capitalize() for kind in kinds} | {"Distribution"}
    for kind in kinds:
        listed = re.findall(r"^\| `([\w-]+)` \| \S.* \|$", sections[kind.capitalize()], re.MULTILINE)
        assert listed == [check.name for check in CHECKS if kind in check.kinds]
    listed = re.findall(r"^\| `([\w-]+)` \| \S.* \|$", sections["Distribution"], re.MULTILINE)
    assert listed == [check.name for check in DISCOVERY]


@pytest.mark.slow
def test_the_list_is_written_into_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Kit\n\nWords.\n\n{HEADING}\nold\n")
    subprocess.run([sys.executable, "-m", "fairforget.testing.reference", str(page)], check=True)
    assert page.read_text() == f"# Kit\n\nWords.\n\n{checks_section()}"


@pytest.mark.slow
def test_the_commands_of_the_page_check(capsys):
    commands = re.findall(r"^\$ fairforget (.*)$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    assert "| respects-budget | ran |" in capsys.readouterr().out
