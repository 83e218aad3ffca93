"""Every number of the page on statistics, computed again; every function it names is there."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from fairforget.stats.binomial import upper_bound_of_none
from fairforget.stats.null_control import null_reversal_share
from fairforget.stats.overlap import inflation
from fairforget.stats.reversal import draws_to_see

PAGE = (Path(__file__).parents[2] / "docs/explanation/statistics.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def table(title: str) -> dict[int, list[float]]:
    """The rows of the table of a section, by their number of draws."""
    section = PAGE.split(f"# {title}\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| (\d+) \| ([\d. |]+) \|$", section, re.MULTILINE)
    return {int(draws): [float(cell) for cell in cells.split("|")] for draws, cells in rows}


def test_the_functions_are_there():
    named = re.findall(r"`(\w+)\.(\w+)` \|", PAGE)
    assert len(named) >= 7
    for module, function in named:
        assert callable(getattr(importlib.import_module(f"fairforget.stats.{module}"), function))


def test_how_much_wider_overlap_makes_an_interval():
    head = re.search(r"\| draws \|((?: ρ = [\d.]+ \|)+)", PAGE)[1]
    shares = [float(share) for share in re.findall(r"[\d.]+", head)]
    rows = table("Forget sets that share samples")
    assert list(rows) == [3, 5, 10, 20]
    for draws, printed in rows.items():
        assert printed == [pytest.approx(inflation(draws, share) ** 0.5, abs=0.005) for share in shares]


def test_what_no_reversal_leaves_room_for():
    found = re.search(r"No reversal in 5 draws leaves room for (\d+) %, in 10 for (\d+) %, in 20 for (\d+) %", TEXT)
    assert [int(share) for share in found.groups()] == [round(100 * upper_bound_of_none(n)) for n in (5, 10, 20)]


def test_after_how_many_draws_a_reversal_was_seen():
    shares, draws = re.search(r"probability ([\d, or]+) % has been seen after ([\d, or]+) draws", TEXT).groups()
    numbers = [[int(n) for n in re.findall(r"\d+", part)] for part in (shares, draws)]
    assert numbers[1] == [draws_to_see(share / 100) for share in numbers[0]]
    assert len(numbers[0]) == 4


def test_the_share_of_reversals_where_nothing_differs():
    draws = [int(n) for n in re.search(r"\| draws \|((?: \d+ \|)+)", PAGE)[1].split("|")[:-1]]
    printed = re.search(r"where nothing differs \|((?: [\d.]+ \|)+)", PAGE)[1].split("|")[:-1]
    assert [float(share) for share in printed] == [pytest.approx(null_reversal_share(n), abs=0.005) for n in draws]


@pytest.mark.slow
@pytest.mark.parametrize("draws", [3, 5, 10, 20])
def test_how_often_intervals_hold(draws, monkeypatch):
    """A quarter of the simulations, from the same script; three standard errors of both."""
    path = Path(__file__).parents[2] / "benchmarks/quality/coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "SIMULATIONS", 500)
    again = list(script.coverage(draws).values())
    errors = [3 * (p * (1 - p) * (1 / 500 + 1 / 2000)) ** 0.5 for p in table("Which interval")[draws]]
    assert len(again) == len(errors) == 4
    for found, printed, error in zip(again, table("Which interval")[draws], errors, strict=True):
        assert found == pytest.approx(printed, abs=error)
