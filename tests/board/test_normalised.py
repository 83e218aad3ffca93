from __future__ import annotations

import numpy as np
import pytest

from fairforget.board.sheets.pairs import standing
from fairforget.board.table import build


def scores(row, stratum):
    return np.array([point.score for point in row.strata[stratum].points])


def build_table(factory, **changes):
    return build(factory.read(factory.make_study(**changes))).tables[0]


@pytest.fixture(scope="module")
def table(factory):
    return build_table(factory, oracle_draws=5)


def cell(table, row, label):
    sheet = standing(table)
    at = [head.label for head in sheet.heads].index(label)
    return next(line.cells[at] for line in sheet.lines if line.cells[0].text == row.label)


def test_rows_stand_between_the_reference_rows(table):
    untouched, oracle = table.rows[-2:]
    assert (untouched.reference, oracle.reference) == ("untouched", "oracle")
    low, high = scores(untouched, "random").mean(), scores(oracle, "random").mean()
    for row in table.competing:
        found = row.normalised
        assert found.mean == pytest.approx((scores(row, "random").mean() - low) / (high - low))
        assert found.low < found.mean < found.high
        assert found.n == 5
        assert cell(table, row, "normalised").whole.count("±") == 1
    assert untouched.normalised is oracle.normalised is None


def test_nothing_is_normalised_by_references_that_miss_a_forget_set(factory):
    table = build_table(factory, oracle_draws=3)
    assert all(row.normalised is None for row in table.rows)
    assert "normalised" not in [head.label for head in standing(table).heads]


def test_nothing_is_normalised_without_reference_rows(factory):
    records = [r for r in factory.make_study(oracle_draws=5) if r["cell"]["method"]["label"] != "untouched"]
    table = build(factory.read(records)).tables[0]
    assert all(row.normalised is None for row in table.rows)


def test_the_weakest_kind_is_named_with_its_interval_and_n(table):
    for row in table.competing:
        means = {label: scores(row, label).mean() for label in row.strata}
        lowest = min(means, key=means.get)
        found = cell(table, row, "weakest (n = 5)")
        assert found.order == pytest.approx(means[lowest])
        assert found.aside.startswith("± ")
        assert found.aside.endswith(f" {lowest}")


def test_the_weakest_kind_says_its_own_n_where_kinds_have_not_the_same(factory):
    records = factory.make_study(oracle_draws=5)
    draws = [record["cell"]["draw"] for record in records]
    kept = [r for r, d in zip(records, draws, strict=True) if d["stratum"] != "easy" or d["index"] < 4]
    table = build(factory.read(kept)).tables[0]
    for row in table.competing:
        found = cell(table, row, "weakest").aside
        assert found.endswith("(n = 4)" if "easy" in found else "(n = 5)")
