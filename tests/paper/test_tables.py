"""The printed tables: read with a check of types, and computed again as far as they say enough."""

from __future__ import annotations

import statistics
from fractions import Fraction

import pytest
from scipy import stats

from fairforget.claims.printed.table import read_table
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.load import load_study
from fairforget.study.options import build
from fairforget.study.planning import make_plan
from fairforget_tasks.paper.tables import NUMBERS, paper_table

TABLES = {number: paper_table(number) for number in NUMBERS}
PAIRS = [("SGA", "CGA"), ("GradDiff", "GradDiff+"), ("PO", "PO+"), ("NPO", "NPO+")]
OTHERWISE = {(1, "Original", "UC"), (1, "NPO", "UC"), (4, "CGA", "UC"), (4, "NPO+", "UT")}
"""Averages that do not follow from the cells beside them; docs/explanation/paper-averages.md."""


MEANS = [
    (number, row, name)
    for number, table in TABLES.items()
    for name, column in table.columns.items()
    if column.mean_of
    for row in table.rows
]


def mean_of(table, row, name):
    """The mean of the columns that a column is said to be the mean of, exactly."""
    column = table.columns[name]
    weights = [table.columns[part].items or 1 for part in column.mean_of]
    parts = [Fraction(str(table.rows[row][part])) for part in column.mean_of]
    return sum(w * p for w, p in zip(weights, parts, strict=True)) / sum(weights)


@pytest.mark.parametrize(("number", "row", "name"), MEANS)
def test_means_follow_from_the_columns_they_are_means_of_but_four(number, row, name):
    table = TABLES[number]
    # What rounding can have done to the mean, and to the parts in it.
    apart = abs(mean_of(table, row, name) - Fraction(str(table.rows[row][name])))
    follows = apart <= 2 * Fraction(str(table.columns[name].rounding))
    assert follows == ((number, row, name) not in OTHERWISE)


@pytest.mark.parametrize(
    ("name", "gains", "t", "p", "interval"),
    [
        ("UC", [0.88, 0.01, 2.67, 0.94], 2.02, 0.14, (-0.6, 2.9)),
        ("UT", [6.86, 0.60, 0.66, 2.76], 1.85, 0.16, (-2.0, 7.4)),
    ],
)
def test_the_gains_of_the_four_pairs_are_not_told_from_none(name, gains, t, p, interval):
    """The paper's text gives their means, 1.12 and 2.72 points, and nothing about how sure they are."""
    found = [100 * float(mean_of(TABLES[1], after, name) - mean_of(TABLES[1], before, name)) for before, after in PAIRS]
    # Gains to the hundredth, some of which were taken of printed averages.
    assert found == pytest.approx(gains, abs=0.01)
    assert statistics.mean(found) == pytest.approx({"UC": 1.12, "UT": 2.72}[name], abs=0.006)
    test = stats.ttest_1samp(found, 0)
    assert test.statistic == pytest.approx(t, abs=0.005)
    assert test.pvalue == pytest.approx(p, abs=0.005)
    assert tuple(test.confidence_interval(0.95)) == pytest.approx(interval, abs=0.05)


def test_rows_that_are_worse_with_the_curriculum():
    """Where a + row is worse than the one without, beyond what rounding can have done."""
    worse = {
        (number, before, name)
        for number, table in TABLES.items()
        for before, after in PAIRS
        for name, column in table.columns.items()
        if before in table.rows and column.better is not None
        for gain in [table.rows[after][name] - table.rows[before][name]]
        if gain * (1 if column.better == "higher" else -1) < -2 * column.rounding
    }
    assert {(1, "GradDiff", "UA"), (5, "GradDiff", "perplexity"), (6, "PO", "toxicity_safe")} <= worse
    assert (1, "GradDiff", "UC") not in worse


def test_attributes_of_table_7():
    rows = TABLES[7].rows
    assert {name for name, found in rows.items() if found["high"] > found["low"]} == {
        "complexity",
        "initial_probability",
        "rare_words",
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_a_table_is_whole_and_says_where_it_is_from(number):
    table = TABLES[number]
    assert table.source.paper == "arXiv:2504.06658"
    assert table.source.where == f"Table {number}"
    assert f"Table {number} of version 1" in table.taken
    assert table.left_out
    assert all(found.keys() == table.columns.keys() for found in table.rows.values())
    for found in table.rows.values():
        for name, value in found.items():
            column = table.columns[name]
            assert value == round(value, column.decimals)
            assert value > 0
            assert value < 1 or column.unit != "share"


@pytest.mark.parametrize("number", [number for number in NUMBERS if TABLES[number].study])
def test_the_study_of_a_table_runs_its_rows_and_has_its_columns(number):
    table, registry = TABLES[number], Registry.discover()
    study = load_study(table.study, registry)
    assert study.name == table.study
    rows = {
        (cell.method.built.entry.canonical, cell.curriculum and cell.curriculum.built.entry.canonical)
        for cell in make_plan(study, registry).planned()
    }
    named = {(ours.method, ours.curriculum) for ours in table.ours.values()}
    assert table.ours.keys() == table.rows.keys()
    assert rows - {("fairforget/untouched", None)} == named - {("fairforget/untouched", None)}
    uses = {use.column: use for use in build(registry, "task", study.task).plugin.metrics()}
    for column in table.columns.values():
        if column.column is not None:
            use = uses[column.column]
            assert column.better in {"higher", "lower"}
            assert use.role in {"completeness", "utility"}
        else:
            averaged = [use for use in uses.values() if use.role == column.average and use.average]
            assert len(averaged) == len(column.mean_of)
            assert {table.columns[part].column for part in column.mean_of} == {use.column for use in averaged}


def test_what_is_no_table_is_an_error_with_file_and_line(tmp_path):
    good = (
        "source: {paper: 'arXiv:1', where: Table 1}\ntitle: a\ntaken: b\n"
        "columns:\n  x: {unit: share}\nrows:\n  r: {x: 0.5}\n"
    )
    file = tmp_path / "table.yaml"
    file.write_text(good)
    assert read_table(file).rows == {"r": {"x": 0.5}}
    for changed, message in (
        (good + "more: 1\n", r"table\.yaml:8: .*more"),
        (good.replace("x: 0.5", "y: 0.5"), r"row 'r' has the column 'y', which the table does not have; it has x"),
        (good.replace("x: 0.5", "x: .nan"), r"table\.yaml:7: rows\.r\.x"),
        (good.replace("x: 0.5", "x: high"), r"table\.yaml:7: rows\.r\.x"),
        (good.replace("{unit: share}", "{unit: share, mean_of: [z]}"), "column 'x' is the mean of 'z'"),
        (good.replace("{unit: share}", "{unit: share, column: a, average: utility}"), "remove one of the two"),
        (good + "ours:\n  s: {method: fairforget/npo}\n", "ours has the row 's'"),
        ("- 1\n", "a table is a mapping"),
        ("a: !!python/object:os.system 1\n", r"table\.yaml:1"),
    ):
        file.write_text(changed)
        with pytest.raises(FairforgetError, match=message):
            read_table(file)
    with pytest.raises(FairforgetError, match=r"nothing\.yaml: cannot be read"):
        read_table(tmp_path / "nothing.yaml")


def test_a_table_that_is_not_here():
    with pytest.raises(FairforgetError, match="there is no table 2 of the paper here; there are 1, 4, 5, 6, 7"):
        paper_table(2)
