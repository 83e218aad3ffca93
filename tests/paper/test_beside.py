"""Our numbers beside printed ones: from records with known values, against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.claims.printed.beside import laid_beside, records_beside
from fairforget.claims.printed.markdown import markdown
from fairforget.claims.printed.measured import DRAWS, SEEDS, Measured, measured
from fairforget.claims.printed.table import read_table
from fairforget.errors import FairforgetError
from fairforget.stats.intervals import Estimate
from fairforget_tasks.paper.__main__ import main
from fairforget_tasks.paper.tables import paper_table

TABLE = """
source: {paper: 'arXiv:1', where: Table 1}
title: a
taken: b
columns:
  rouge: {unit: share, better: lower, column: forget_rouge_l, decimals: 2}
  UT: {unit: share, better: higher, average: utility}
  nowhere: {unit: share, column: not_measured_here}
rows:
  first|row: {rouge: 0.50, UT: 0.7, nowhere: 0.1}
  second: {rouge: 0.25}
  third: {rouge: 0.25}
ours:
  first|row: {method: fairforget/npo, curriculum: fairforget/uniform}
  second: {method: fairforget/npo, curriculum: fairforget/mrd-weighted}
left_out: [spread <b>of</b> anything]
"""


@pytest.fixture
def table(tmp_path):
    (tmp_path / "table.yaml").write_text(TABLE)
    return read_table(tmp_path / "table.yaml")


@pytest.fixture
def record(factory):
    def record(rouge, *, utility=(0.6, 0.8), status="ok", **cell):
        scores = {"forget_rouge_l": factory.make_score(rouge, "completeness", better="lower", average=False)}
        scores |= {f"u{i}": factory.make_score(value, "utility") for i, value in enumerate(utility)}
        made = factory.make_record(factory.make_cell(**cell), scores=scores if status == "ok" else {}, status=status)
        return factory.read([made])[0]

    return record


def t_interval(values, factor=1.0):
    """Student's interval of a mean, by scipy."""
    return stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values) * math.sqrt(factor))


def test_the_interval_is_over_forget_sets_with_seeds_averaged(table, record):
    values = {(draw, seed): 0.4 + 0.03 * draw**2 + 0.01 * seed for draw in range(4) for seed in range(3)}
    found = measured(table, [record(v, index=i, seed=s) for (i, s), v in values.items()])
    ours = found["first|row", "rouge"]
    draws = [np.mean([values[i, s] for s in range(3)]) for i in range(4)]
    assert ours.estimate.mean == pytest.approx(np.mean(draws))
    assert (ours.estimate.low, ours.estimate.high) == pytest.approx(t_interval(draws))
    assert (ours.estimate.n, ours.unit, ours.missing) == (4, DRAWS, 0)
    assert found["first|row", "UT"].estimate.mean == pytest.approx(0.7)
    assert found["first|row", "nowhere"] == Measured(None, DRAWS, 12, "no cell has the number")
    assert not {row for row, _ in found} & {"second", "third"}


def test_forget_sets_that_share_samples_have_a_wider_interval(table, record, factory):
    sets = [["a", "b", "c", "d"], ["c", "d", "e", "f"], ["e", "f", "a", "b"]]
    values = [0.3, 0.5, 0.4]
    records = [
        record(v, index=i, draw__forget=ids, draw__digest=factory.digest(ids))
        for i, (v, ids) in enumerate(zip(values, sets, strict=True))
    ]
    ours = measured(table, records)["first|row", "rouge"].estimate
    # Two draws have half of their samples in common: Nadeau and Bengio's factor of the variance, 1 + n r / (1 - r).
    assert (ours.low, ours.high) == pytest.approx(t_interval(values, 1 + 3 * 0.5 / 0.5))


def test_of_one_forget_set_the_interval_is_over_seeds_and_says_so(table, record):
    values = [0.42, 0.44, 0.47, 0.41, 0.43]
    ours = measured(table, [record(v, seed=s) for s, v in enumerate(values)])["first|row", "rouge"]
    assert (ours.estimate.low, ours.estimate.high) == pytest.approx(t_interval(values))
    assert (ours.estimate.n, ours.unit) == (5, SEEDS)
    (alone,) = [row for row in records_beside(table, [record(0.4)]) if row.ours.estimate and row.column == "rouge"]
    assert alone.agrees is None
    assert alone.difference.mean == pytest.approx(-0.1)


def test_what_failed_is_counted_and_takes_its_forget_set_with_it(table, record):
    records = [record(0.4 + 0.1 * i, index=i, seed=s) for i in range(4) for s in range(2)]
    records[5] = record(0.9, index=2, seed=1, status="failed")
    ours = measured(table, records)["first|row", "rouge"]
    assert ours.missing == 1
    assert ours.estimate.n == 3
    assert (ours.estimate.low, ours.estimate.high) == pytest.approx(t_interval([0.4, 0.5, 0.7]))


def test_differences_are_ours_minus_what_is_printed(table):
    ours = {("first|row", "rouge"): Measured(Estimate(0.45, 0.40, 0.498, 5, 0.02))}
    rows = laid_beside(table, ours)
    assert [(row.row, row.column) for row in rows] == [
        ("first|row", "rouge"), ("first|row", "UT"), ("first|row", "nowhere"), ("second", "rouge"), ("third", "rouge"),
    ]  # fmt: skip
    first = rows[0]
    assert (first.difference.mean, first.difference.low, first.difference.high) == pytest.approx((-0.05, -0.1, -0.002))
    assert first.agrees is True  # 0.50 may be .496, before it was rounded
    assert rows[1].difference is None
    assert rows[1].agrees is None
    apart = laid_beside(table, {("second", "rouge"): Measured(Estimate(0.45, 0.40, 0.498, 5, 0.02))})[3]
    assert apart.agrees is False


def test_a_number_that_is_outside_only_in_the_digits_that_are_not_printed_agrees(table):
    for high, agrees in ((0.4951, True), (0.4949, False)):
        row = laid_beside(table, {("first|row", "rouge"): Measured(Estimate(0.45, 0.40, high, 5, 0.02))})[0]
        assert row.agrees is agrees


def test_other_strata_and_other_rows_are_passed_over(table, record):
    records = [record(0.4, index=i) for i in range(3)]
    others = [record(0.9, index=i, stratum="hard") for i in range(3)] + [record(0.9, method="idk")]
    assert measured(table, [*records, *others]) == measured(table, records)
    assert measured(table, others, stratum="hard")["first|row", "rouge"].estimate.mean == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"budget__amount": 4}, "differ in their budget"),
        ({"target__id": "f" * 24}, "differ in their target"),
        ({"task__version": 2}, "differ in their task version"),
        ({"draw__sampler__options": {"a": 1}}, "differ in their sampler"),
        ({"method__options": {"beta": 0.5}}, r"several variants of fairforget/npo could be the row 'first\|row'"),
        ({"optimizer__lr": 0.5}, "several variants of fairforget/npo"),
    ],
)
def test_what_is_no_one_table_is_refused(table, record, change, message):
    with pytest.raises(FairforgetError, match=message):
        measured(table, [record(0.4), record(0.5, index=1, **change)])


def test_a_page_says_what_the_numbers_are(table, record):
    shown = markdown(table, records_beside(table, [record(v, seed=s) for s, v in enumerate([0.42, 0.44, 0.46])]))
    lines = shown.splitlines()
    assert lines[2].startswith(r"| first\|row | rouge ↓ | 0.50 | 0.440 ± 0.050")
    assert lines[2].endswith("| -0.060 |")
    assert "| no cell has the number | – |" in lines[4]
    assert "| second | rouge ↓ | 0.25 | not measured | – |" in lines
    assert "± is half the 95 % interval over seeds of one forget set; the printed numbers have none." in lines
    assert r"Not in the table: spread \<b\>of\</b\> anything." in lines


def test_the_command_prints_a_table_of_the_paper(factory, tmp_path, capsys):
    found = paper_table(5).rows["GradDiff"]
    scores = {name: factory.make_score(value, "completeness", better="lower") for name, value in found.items()}
    cells = [factory.make_cell(method="grad-diff", seed=seed) for seed in range(3)]
    factory.write([factory.make_record(cell, scores=scores) for cell in cells], tmp_path)
    assert main(["5", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("not measured") == 5 * 5
    assert "| GradDiff | perplexity ↓ | 12.46 | 12.460 ± 0.000 (n = 3) | 0.000 |" in out
    assert main(["2"]) == 2
    assert "there is no table 2" in capsys.readouterr().err
    assert main(["7", str(tmp_path)]) == 2
    assert "Table 7 has no study" in capsys.readouterr().err
    assert main(["1", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err
