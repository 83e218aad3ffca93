"""What is published is what its cells make: every page, to the last byte, wherever the cells lie."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from fairforget.board.files.from_file import board_of_file
from fairforget.board.forms.write import RENDERERS
from fairforget.cli import main

HOME = Path(__file__).parents[2] / "leaderboards"
BOARDS = sorted((HOME / "boards").glob("*.yaml"))


@pytest.mark.parametrize("file", BOARDS, ids=lambda path: path.stem)
def test_a_page_is_rebuilt_to_the_same_bytes(file: Path, tmp_path: Path) -> None:
    assert main(["board", "--board", str(file), "--out", str(tmp_path)]) == 0
    published = {path.name: path.read_bytes() for path in (HOME / "pages" / file.stem).iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == published


def test_every_page_has_its_board() -> None:
    folders = sorted(path for path in (HOME / "pages").iterdir() if path.is_dir())  # the report of claims are files
    assert [path.name for path in folders] == [path.stem for path in BOARDS]


def test_the_order_and_the_places_of_the_files_are_nothing(tmp_path: Path) -> None:
    """As on another machine: other folders, and another order in which their files were written."""
    results = HOME / "results" / "tofu-log-v1"
    files = sorted(path for path in results.rglob("*") if path.is_file())
    random.Random(0).shuffle(files)
    for path in files:
        there = tmp_path / path.parent.name[::-1] / path.name
        there.parent.mkdir(exist_ok=True)
        shutil.copy(path, there)
    here, found = (board_of_file(HOME / "boards" / "tofu.yaml", folders)[0] for folders in ([results], [tmp_path]))
    for name, render in RENDERERS.items():
        assert render(found) == render(here), name


def test_published_results_pass_the_check_of_a_pull_request() -> None:
    assert main(["submit", "--check", str(HOME), "--to", str(HOME)]) == 0
