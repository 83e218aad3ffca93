from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairforget.stats.ranks import holm, rank


def test_holm_by_hand():
    """The worked example: p = .01 .04 .03 .005 at n = 4 gives .005·4, .01·3, .03·2, max(.06, .04·1)."""
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.6])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([])).shape == (0,)


@settings(derandomize=True, deadline=None)
@given(arrays(float, st.integers(1, 12), elements=st.floats(0, 1)), st.floats(0.001, 0.2))
def test_holm_rejects_what_the_step_down_procedure_rejects(p, alpha):
    rejected, left = set(), list(np.argsort(p, kind="stable"))
    while left and p[left[0]] <= alpha / len(left):
        rejected.add(left.pop(0))
    adjusted = holm(p)
    # Where a p-value hits its threshold up to rounding either answer is right.
    decided = [i for i in range(len(p)) if abs(adjusted[i] - alpha) > 1e-12]
    assert {i for i in decided if adjusted[i] <= alpha} == {i for i in decided if i in rejected}


def test_two_methods_are_told_apart_as_by_the_paired_t_test():
    rng = np.random.default_rng(0)
    for shift in np.linspace(0, 0.2, 21):
        values = rng.normal(0, 0.05, (2, 6)) + rng.normal(0, 0.3, 6) + np.array([[shift], [0.0]])
        found = rank([values])
        test = scipy.stats.ttest_rel(values[0], values[1])
        assert (found.rank.max() == 2) == (test.pvalue <= 0.05)
        assert min(found.p[0, 1], found.p[1, 0]) == pytest.approx(test.pvalue)


def test_ranks_of_methods_that_differ_and_methods_that_do_not():
    rng = np.random.default_rng(1)
    draw = rng.normal(0, 0.2, 10)
    values = np.array([0.9, 0.5, 0.5, 0.1])[:, None] + draw + rng.normal(0, 0.01, (4, 10))
    found = rank([values])
    assert list(found.rank) == [1, 2, 2, 4]
    assert list(found.worst) == [1, 3, 3, 4]


def test_a_regular_difference_counts_by_the_number_of_draws():
    values = np.array([[0.5], [0.25]])
    assert list(rank([np.tile(values, 4)]).rank) == [1, 1]  # sign-flip: 1/16 on one side
    assert list(rank([np.tile(values, 8)]).rank) == [1, 2]
    assert list(rank([np.full((2, 8), 0.3)]).rank) == [1, 1]
    assert list(rank([np.array([[0.3] * 8, [0.1 + 0.2] * 8])]).rank) == [1, 1]  # rounding is no difference


def test_no_rank_below_three_draws():
    assert rank([np.array([[0.1, 0.2], [0.3, 0.4]])]) is None
    assert rank([np.zeros((2, 5)), np.zeros((2, 2))], [1, 1]) is None
    assert rank([np.zeros((2, 5)), np.zeros((2, 2))], [1, 0]) is not None
    assert rank([np.zeros((0, 5))]) is None


def test_one_method_alone_is_first():
    found = rank([np.array([[0.1, 0.2, 0.3]])])
    assert (list(found.rank), list(found.worst)) == ([1], [1])


def test_gaps_are_refused():
    with pytest.raises(ValueError, match="every draw"):
        rank([np.array([[0.1, np.nan, 0.3], [0.1, 0.2, 0.3]])])


@settings(derandomize=True, deadline=None, max_examples=60)
@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(3, 6)), elements=st.floats(0, 1)), st.randoms())
def test_a_rank_does_not_depend_on_the_order_of_the_methods(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    found, shuffled = rank([values]), rank([values[order]])
    assert list(found.rank[order]) == list(shuffled.rank)
    assert list(found.worst[order]) == list(shuffled.worst)
    assert (found.rank <= found.worst).all()
    assert found.rank.min() == 1
