"""What ``docs/how-to/test-a-claim.md`` says, done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairforget.claims.outcome import Cost, Judged, OnTarget, Outcome
from fairforget.claims.outcome_file import read_outcomes, write_outcomes
from fairforget.claims.read import read_claim
from fairforget.claims.values import Effect
from fairforget.cli import main
from fairforget.registry import Registry

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


def test_the_report_says_what_was_tested_and_how_sure_it_is(page, capsys):
    # What the run of the test above leaves, without its minute: a gain of 0.02 on six sets of each target.
    expect = read_claim(page / "easy-first.yaml", Registry.discover([])).file.expect

    def judged(value):
        effect = Effect(value, value - 0.015, value + 0.015, 6)
        return Judged(effect, expect.verdict(effect))

    gain, control = judged(0.02), judged(-0.001)
    on = tuple(OnTarget(name, gain, {"shuffled": control}) for name in ("small", "other-seed"))
    cost = Cost(72, 0, 0, 1_000.0, 60.0)
    outcome = Outcome("easy-first", gain, {"shuffled": control}, on, (), cost, None)
    write_outcomes(page / "runs" / "claims", [outcome])
    assert main(["claims", "report", "--claim", "easy-first.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["runs/claims/claims.html", "runs/claims/claims.md"]
    assert said.err == ""
    html, text = ((page / path).read_text() for path in said.out.splitlines())
    for told in (
        "Sampling easy samples more often forgets more",
        "Weigh the samples by their difficulty.",
        "0.020 (0.005 to 0.035)",
        "A budget so large that every sample is met often under both.",
        "2 target models: small (as the study has it); other-seed (model.seed: 1)",
        "12, drawn at random; samples in each: 8; seeds: 2",
        "fairforget claims run easy-first.yaml",
    ):
        assert told in text
        assert told.partition(" (0.0")[0] in html
    assert main(["claims", "report", "--claim", "easy-first.yaml", "--format", "md"]) == 0
    assert capsys.readouterr().out == text


def test_a_plugin_file_ships_it(page, capsys):
    del page
    assert main(["claims", "run", "easy-first", "--plugin", "mine.py", "--dry-run"]) == 0
    assert "mine/easy-first" in capsys.readouterr().out
