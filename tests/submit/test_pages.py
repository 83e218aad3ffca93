"""What CONTRIBUTING.md and the reference print is done here, word for word."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from fairforget.board.board_file import BoardFile, open_board
from fairforget.board.declarations import Submission, parse_declaration
from fairforget.cli import main
from fairforget.study.yaml_lines import parse_yaml

ROOT = Path(__file__).parents[2]


def block(page, heading, language):
    """Return the first block of a language in a section, without its indent."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)[1]
    indent, text = re.search(rf"^( *)```{language}\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL).groups()
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


@pytest.fixture
def checkout(home, run, study, tmp_path, monkeypatch):
    """A copy of the repository as far as a submitter needs it, with a run of her own."""
    monkeypatch.chdir(tmp_path)
    run(study(), "runs/mine")
    (tmp_path / "runs" / "mine" / "submission.yaml").write_text(block("CONTRIBUTING.md", "Submit results", "yaml"))
    board = home / "boards" / "biographies.yaml"
    (home / "boards" / "people.yaml").rename(board)
    return board


def test_the_declaration_is_one():
    said = parse_declaration(parse_yaml(block("CONTRIBUTING.md", "Submit results", "yaml"), "x"), Submission)
    assert said.tuning.trials == 12
    assert not said.methods["fairforget/npo"].trained_on_evaluation


def test_the_steps_of_a_submitter(checkout, capsys):
    for line in block("CONTRIBUTING.md", "Submit results", "console").splitlines():
        arguments = shlex.split(line.removeprefix("$ fairforget "))
        assert main(arguments) == 0, line
        assert "npo" in capsys.readouterr().out
    assert main(["board", "--board", str(checkout)]) == 0


def test_the_board_file_of_the_reference(home, run, study, tmp_path, monkeypatch):
    text = block("docs/reference/board.md", "Board files", "yaml")
    (home / "boards" / "people.yaml").write_text(text)
    assert set(open_board(home / "boards" / "people.yaml").file.model_fields_set) <= set(BoardFile.model_fields)
    assert main(["submit", str(run(study(), "runs/published")), "--to", str(home)]) == 0
    run(study(), "runs/mine")
    monkeypatch.chdir(tmp_path)
    for line in block("docs/reference/board.md", "Board files", "console").splitlines():
        assert main(shlex.split(line.removeprefix("$ fairforget "))) == 0, line
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {"board.md", "board.html", "board.json"}
