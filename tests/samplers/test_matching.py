from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from fairforget_samplers.matching import balanced_rows, matched_rows, optimal_pairs, optimal_rows, unit_means, within

FIXED = settings(derandomize=True, deadline=None, max_examples=120)


@st.composite
def tables(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, m, c = draw(st.integers(0, 5)), draw(st.integers(0, 5)), draw(st.integers(1, 2))
    one, other = rng.integers(0, 8, (n, c)) / 2, rng.integers(0, 8, (m, c)) / 2
    return one, other, rng.uniform(0.5, 2, c), draw(st.sampled_from([0.3, 1.0, 5.0])), rng.random((n, m)) < 0.8


def all_pairings(n, m):
    for count in range(min(n, m) + 1):
        for left in combinations(range(n), count):
            for right in permutations(range(m), count):
                yield list(zip(left, right, strict=True))


@FIXED
@given(tables())
def test_pairs_are_the_best_of_all(case):
    one, other, spread, caliper, allowed = case

    def cost(pairing):
        gaps = [np.abs(one[i] - other[j]) / spread for i, j in pairing]
        if any((gap > caliper).any() for gap in gaps) or not all(allowed[i, j] for i, j in pairing):
            return None
        return -len(pairing), sum(float(gap @ gap) for gap in gaps)

    most, least = min(found for pairing in all_pairings(len(one), len(other)) if (found := cost(pairing)) is not None)
    made = [tuple(pair) for pair in optimal_pairs(one, other, spread, caliper, allowed)]
    assert len({i for i, _ in made}) == len({j for _, j in made}) == len(made)
    assert cost(made) == (most, pytest.approx(least))


def test_where_nothing_varies_only_equals_are_paired():
    one, other, free = np.array([[3.0], [4.0]]), np.array([[4.0], [5.0]]), np.ones((2, 2), dtype=bool)
    assert optimal_pairs(one, other, np.zeros(1), 100.0, free).tolist() == [[1, 0]]


@FIXED
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.5, 2.0]))
def test_rows_keep_to_the_caliper_of_the_first_and_to_equal_sizes(seed, caliper):
    rng = np.random.default_rng(seed)
    sides = [rng.standard_normal((n, 2)) * (3, 0.1) for n in rng.integers(2, 25, 3)]
    sizes = [rng.integers(1, 3, len(side)) for side in sides]
    rows = optimal_rows(sides, sizes, caliper)
    spread = within(sides)
    for column, (side, size) in enumerate(zip(sides, sizes, strict=True)):
        assert len(set(rows[:, column])) == len(rows)
        assert (size[rows[:, column]] == sizes[0][rows[:, 0]]).all()
        gaps = np.abs(side[rows[:, column]] - sides[0][rows[:, 0]]) / spread
        assert (gaps <= caliper).all()


def test_twins_find_each_other():
    rng = np.random.default_rng(0)
    one = rng.standard_normal((40, 2))
    order = [rng.permutation(40) for _ in range(2)]
    rows = optimal_rows([one, one[order[0]], one[order[1]]], [np.ones(40, dtype=int)] * 3, 1e-9)
    assert rows[:, 0].tolist() == list(range(40))
    assert all((order[side][rows[:, side + 1]] == rows[:, 0]).all() for side in range(2))


def test_matching_takes_a_planted_difference_away():
    rng = np.random.default_rng(1)
    one, other = rng.normal((30, 0.5), (8, 0.2), (300, 2)), rng.normal((34, 0.7), (8, 0.2), (300, 2))
    rows = optimal_rows([one, other], [np.ones(300, dtype=int)] * 2, 0.5)
    kept = balanced_rows(rows, [one, other], 0.1)
    assert 100 < len(kept) < len(rows)
    assert set(map(tuple, kept)) < set(map(tuple, rows))
    for column in range(2):
        a, b = one[:, column], other[:, column]
        spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
        assert ks_2samp(a, b).pvalue < 1e-4
        assert abs(a[kept[:, 0]].mean() - b[kept[:, 1]].mean()) <= 0.1 * spread + 1e-12
        assert ks_2samp(a[kept[:, 0]], b[kept[:, 1]]).pvalue > 0.2


def test_a_narrower_caliper_is_taken_where_it_leaves_more():
    rng = np.random.default_rng(2)
    tables, sizes = (
        [rng.normal((30, 0.5), (8, 0.2), (150, 2)), rng.normal((36, 0.6), (8, 0.2), (150, 2))],
        [np.ones(150)] * 2,
    )
    rows, width = matched_rows(tables, sizes, 0.5, 0.1)
    counts = {
        w: len(balanced_rows(optimal_rows(tables, sizes, w), tables, 0.1))
        for w in (0.5 * 2 ** (-i / 2) for i in range(5))
    }
    assert len(rows) == max(counts.values()) == counts[width]
    assert width < 0.5
    assert len(rows) > 1.2 * counts[0.5]
    gaps = (tables[1][rows[:, 1]] - tables[0][rows[:, 0]]) / within(tables)
    assert (np.abs(gaps) <= width).all()
    assert (np.abs(gaps.mean(0)) <= 0.1).all()


def test_balance_leaves_alone_what_is_balanced():
    tables = [np.array([[1.0], [2.0], [3.0]]), np.array([[1.1], [1.9], [3.0]])]
    rows = np.array([[0, 0], [1, 1], [2, 2]])
    assert (balanced_rows(rows, tables, 0.1) == rows).all()
    assert balanced_rows(rows[:0], tables, 0.1).shape == (0, 2)
    constant = [np.ones((3, 1)), np.ones((3, 1))]
    assert (balanced_rows(rows, constant, 0.0) == rows).all()


def test_means_of_units_are_over_what_is_known():
    values = {"a": np.array([1.0, 3.0, np.nan, 5.0, np.nan]), "b": np.array([1.0, 2.0, 3.0, 4.0, 5.0])}
    assert unit_means([[0, 1], [2, 3], [4]], values) == pytest.approx(
        np.array([[2, 1.5], [5, 3.5], [np.nan, 5]]), nan_ok=True
    )
    assert unit_means([], values).shape == (0, 2)


def test_spread_is_within_tables():
    """The root of the mean of the variances, as for a standardised mean difference; a table of one row has none."""
    one, other = np.array([[0.0], [2.0]]), np.array([[100.0], [104.0], [108.0]])
    assert within([one, other, np.array([[7.0]])]) == pytest.approx([np.sqrt((2 + 16) / 2)])
    assert within([np.array([[7.0]]), np.empty((0, 1))]) == pytest.approx([0])
