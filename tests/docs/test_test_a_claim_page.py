"""What ``docs/how-to/test-a-claim.md`` says, done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairforget.claims.outcome_file import read_outcomes
from fairforget.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "test-a-claim.md").read_text()


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The files of the page, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "easy-first.yaml").write_text(block("yaml"))
    (tmp_path / "mine.py").write_text(block("python"))
    return tmp_path


def test_the_claim_opens_and_a_dry_run_says_what_it_needs(page, capsys):
    assert main(["claims", "run", "easy-first.yaml", "--dry-run"]) == 0
    head, row = capsys.readouterr().out.splitlines()[:2]
    assert head.split()[:4] == ["claim", "unit", "needed", "planned"]
    # (1.96 + 0.84)² / (0.02 / 0.03)² + 1.92 = 19.6 sets of both targets together.
    assert row.split()[:5] == ["easy-first", "forget", "sets", "10", "12"]
    assert "supported" in row
    assert not (page / "runs").exists()


@pytest.mark.slow
def test_it_runs_is_judged_and_judged_again_to_the_same_bytes(page, capsys, smallest):
    small = [
        "--set",
        f"task={smallest}",
        "--set",
        "forget_size=2",
        "--set",
        "draws=3",
        "--set",
        "seeds=1",
        "--engine",
        "inline",
    ]
    short = ["--set", "budget.updates=2", "--set", "evaluation.max_new_tokens=4", "--log", "none"]
    assert main(["claims", "run", "easy-first.yaml", *small, *short]) == 0
    assert "easy-first" in capsys.readouterr().out
    file = page / "runs" / "claims" / "claims.json"
    before = file.read_bytes()
    (outcome,) = read_outcomes(file)
    assert [one.target for one in outcome.targets] == ["small", "other-seed"]
    assert outcome.cost.cells == 2 * 3 * 3
    assert outcome.cost.missing == 0
    assert outcome.judged.effect.known
    assert outcome.controls["shuffled"].effect.n == outcome.judged.effect.n == 6
    assert (page / "runs" / "claims" / "easy-first" / "small" / "board.md").is_file()
    assert main(["claims", "run", "easy-first.yaml", "--judge-only", *small, *short]) == 0
    assert file.read_bytes() == before


def test_a_plugin_file_ships_it(page, capsys):
    del page
    assert main(["claims", "run", "easy-first", "--plugin", "mine.py", "--dry-run"]) == 0
    assert "mine/easy-first" in capsys.readouterr().out
