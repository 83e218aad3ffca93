"""Strata that contradict the order of the board."""

from __future__ import annotations

import numpy as np
import pytest

from fairforget.board.table import build
from fairforget.stats.simpson import stratum_reversals


def test_a_stratum_that_contradicts_is_flagged(factory):
    rng = np.random.default_rng(3)
    records = []
    for stratum, gain in (("random", 0.05), ("easy", 0.1), ("hard", -0.05)):
        for index in range(5):
            for method, more in (("npo", gain), ("idk", 0.0)):
                cell = factory.make_cell(method, stratum=stratum, index=index)
                records.append(factory.make_record(cell, 0.7 + more + rng.normal(0, 0.003), 0.7 + more))
    table = build(factory.read(records)).tables[0]
    (pair,) = table.compared.pairs
    assert [row.label for row in table.rows] == ["npo", "idk"]
    assert {one.stratum: (one.contradicts, one.significant) for one in pair.strata} == {
        "random": (False, False),
        "easy": (False, False),
        "hard": (True, True),
    }
    assert [one.p is None for one in pair.strata] == [True, True, False]
    assert [table.compared.rows[row].strata["hard"].rank for row in table.compared.order] == [2, 1]
    assert {(one.first, one.second): one.tau for one in table.compared.between} == {
        ("random", "easy"): 1.0,
        ("random", "hard"): -1.0,
        ("easy", "hard"): -1.0,
    }


def test_a_gap_in_one_kind_of_forget_set_hides_no_contradiction_in_another(factory):
    rng = np.random.default_rng(3)
    records = []
    for stratum, gain in (("random", 0.05), ("easy", 0.05), ("hard", -0.05)):
        for index in range(5):
            for method, more in (("npo", gain), ("idk", 0.0), ("dpo", -0.2)):
                if (method, stratum, index) != ("npo", "easy", 2):
                    cell = factory.make_cell(method, stratum=stratum, index=index)
                    records.append(factory.make_record(cell, 0.7 + more + rng.normal(0, 0.003), 0.7 + more))
    compared = build(factory.read(records)).tables[0].compared
    pair = compared.pairs[0]
    assert [(one.stratum, one.contradicts, one.significant) for one in pair.strata] == [
        ("random", False, False),
        ("hard", True, True),
    ]
    assert [one.stratum for one in compared.pairs[2].strata] == ["random", "easy", "hard"]


def test_contradictions_are_those_of_the_test_of_all_strata_together(factory):
    """Where every row is whole everywhere, as `stratum_reversals` says."""
    rng = np.random.default_rng(12)
    strata, methods = ("random", "easy", "hard"), ("npo", "idk", "dpo", "simnpo")
    scores = rng.normal(0.7, 0.03, (3, 4, 1)) + rng.normal(0, 0.02, (3, 4, 5))
    records = [
        factory.make_record(factory.make_cell(m, stratum=stratum, index=i), scores[h, j, i], scores[h, j, i])
        for h, stratum in enumerate(strata)
        for j, m in enumerate(methods)
        for i in range(5)
    ]
    table = build(factory.read(records)).tables[0]
    order = [methods.index(row.label) for row in table.competing]
    expected = {
        (one.leader, one.other, strata[one.stratum]): (one.p, one.significant)
        for one in stratum_reversals([scores[h, order] for h in range(3)], [1, 0, 0])
    }
    places = {row: i for i, row in enumerate(table.compared.order)}
    found = {
        (places[pair.first], places[pair.second], one.stratum): (one.p, one.significant)
        for pair in table.compared.pairs
        for one in pair.strata
        if one.contradicts
    }
    assert found.keys() == expected.keys()
    assert len(found) > 3
    assert {significant for _, significant in found.values()} == {True, False}
    for key, (p, significant) in found.items():
        assert (p, significant) == (pytest.approx(expected[key][0]), expected[key][1])
