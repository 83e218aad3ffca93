"""What CONTRIBUTING.md and the reference print is done here, word for word."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from fairforget.board.files.board_file import BoardFile, open_board
from fairforget.board.files.declarations import Submission, parse_declaration
from fairforget.cli import main
from fairforget.study.yaml_lines import parse_yaml

ROOT = Path(__file__).parents[2]


def blocks(page, heading, language):
    """Return the blocks of a language in a section, without their indent."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)[1]
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    return ["".join(line.removeprefix(indent) for line in text.splitlines(keepends=True)) for indent, text in found]


def block(page, heading, language):
    """Return the first block of a language in a section, without its indent."""
    return blocks(page, heading, language)[0]


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
    study, submission, pages = blocks("CONTRIBUTING.md", "Submit results", "console")
    (checkout.parents[2] / "sleepy.py").write_text(block("README.md", "A method of your own", "python"))
    studies = shutil.copytree(ROOT / "leaderboards" / "studies", checkout.parents[1] / "studies")
    assert main([*shlex.split(study.removeprefix("$ fairforget ")), "--dry-run"]) == 0
    assert re.search(r"^sleepy +uniform +120 ", capsys.readouterr().out, re.MULTILINE)
    assert studies.is_dir()
    for line in submission.splitlines():
        arguments = shlex.split(line.removeprefix("$ fairforget "))
        assert main(arguments) == 0, line
        assert "npo" in capsys.readouterr().out
    assert main(shlex.split(pages.removeprefix("$ fairforget "))) == 0
    assert "npo" in (checkout.parents[1] / "pages" / "biographies" / "board.md").read_text()


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
