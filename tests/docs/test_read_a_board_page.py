"""The worked case of the page on reading boards is made of the published cells, and its sentences hold."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import fairforget
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.values import Board

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "read-a-board.md").read_text(encoding="utf-8")
FOUR = ["npo", "undial", "task-vector", "flat"]


@pytest.fixture(scope="module")
def four() -> Board:
    (command,) = re.findall(r"^\$ fairforget board (.*) --out", PAGE, re.MULTILINE)
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {command}"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    folders = [ROOT / folder for folder in shlex.split(done.stdout)]
    assert [folder.name for folder in folders] == [f"fairforget__{name}" for name in FOUR]
    return fairforget.board(*folders)


def test_the_sections_are_those_of_the_published_cells(four: Board) -> None:
    spec = importlib.util.spec_from_file_location("into_page", ROOT / "benchmarks" / "quality" / "into_page.py")
    assert spec is not None
    assert spec.loader is not None
    into_page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(into_page)
    assert into_page.inserted(PAGE, into_page.sections(render_markdown(four))) == PAGE


def test_what_the_page_says_of_the_four_is_so(four: Board) -> None:
    (table,) = four.tables
    compared = table.compared
    assert compared is not None
    labels = {row.id: row.label for row in table.rows}
    assert [labels[row] for row in compared.order] == FOUR
    assert all(row.rank is not None and (row.rank.low, row.rank.high) == (1, 4) for row in table.rows)
    assert 0.4 < compared.rows[compared.order[0]].first < 0.55
    hard = {row.label: score.mean for row in table.rows if (score := row.strata["hard"].figures.score) is not None}
    assert sorted(hard, key=hard.__getitem__) == FOUR
    taus = {(found.first, found.second): found.tau for found in compared.between}
    assert taus["random", "hard"] == pytest.approx(-1)
    assert not any(part.significant for pair in compared.pairs for part in pair.strata)
    assert len(compared.strata["random"].agreement.winners) == 4
    assert compared.strata["random"].agreement.tau_median == pytest.approx(0)
    ends = [end for pair in compared.pairs for end in (pair.difference.low, pair.difference.high)]
    assert max(abs(end) for end in ends if end is not None) < 0.035


@pytest.mark.slow
def test_what_the_page_says_of_the_whole_board_is_so() -> None:
    (table,) = fairforget.board(file=ROOT / "leaderboards" / "boards" / "biographies.yaml").tables
    compared = table.compared
    assert compared is not None
    ranks: dict[int, list[str]] = {}
    for row in table.competing:
        assert row.rank is not None
        ranks.setdefault(row.rank.rank, []).append(row.label)
    assert sum(map(len, ranks.values())) == 16
    assert ranks[1] == ["pdu"]
    assert (len(ranks[2]), len(ranks[4])) == (2, 7)
    assert set(FOUR) <= set(ranks[4])
    turned = [pair for pair in compared.pairs if any(part.contradicts for part in pair.strata)]
    assert (len(turned), len(compared.pairs)) == (16, 120)
    assert not any(part.significant for pair in turned for part in pair.strata)
