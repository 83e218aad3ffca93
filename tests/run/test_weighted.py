"""Sampling by weights, against probabilities worked out by hand."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import ReplacedAfter
from fairforget.run.seeds import stream
from fairforget.run.updates.weighted import draw_epoch, effective_size

P = np.array([0.5, 0.3, 0.2])
TIMES = 20_000


def within(count: int, probability: float) -> bool:
    """Whether a count of `TIMES` trials is within 5 standard deviations of what the probability says."""
    return abs(count - TIMES * probability) < 5 * np.sqrt(TIMES * probability * (1 - probability))


def test_an_epoch_without_replacement_is_drawn_one_after_the_other() -> None:
    """The first position by p, each next one by p among those that are left (Plackett and Luce)."""
    counts = Counter(tuple(draw_epoch(P, "epoch", 2, stream("epoch", i))) for i in range(TIMES))
    for order in permutations(range(3)):
        first, second, _ = order
        assert within(counts[order], P[first] * P[second] / (1 - P[first]))


def test_a_batch_without_replacement_is_drawn_anew_every_time() -> None:
    """Pairs without order, p_a p_b (1 / (1 - p_a) + 1 / (1 - p_b)); the last batch of one sample by p."""
    drawn = [draw_epoch(P, "batch", 2, stream("batch", i)) for i in range(TIMES)]
    pairs = Counter(frozenset(d[:2]) for d in drawn)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert within(pairs[frozenset({a, b})], P[a] * P[b] * (1 / (1 - P[a]) + 1 / (1 - P[b])))
    last = Counter(d[2] for d in drawn)
    assert all(within(last[i], P[i]) for i in range(3))


def test_with_replacement_every_draw_is_independent() -> None:
    drawn = np.array([draw_epoch(P, "sample", 2, stream("sample", i)) for i in range(TIMES)])
    for a in range(3):
        for b in range(3):
            assert within(int(((drawn[:, 0] == a) & (drawn[:, 2] == b)).sum()), P[a] * P[b])


@given(
    weights=st.lists(st.one_of(st.just(0.0), st.floats(1e-300, 1e3)), min_size=1, max_size=12).filter(any),
    batch=st.integers(1, 13),
    replaced=st.sampled_from(["sample", "batch", "epoch"]),
)
@settings(derandomize=True, deadline=None)
def test_what_every_way_of_drawing_keeps(weights: list[float], batch: int, replaced: ReplacedAfter) -> None:
    p = np.array(weights) / sum(weights)
    n, positive = len(p), int((p > 0).sum())
    drawn = draw_epoch(p, replaced, batch, stream("any"))
    assert len(drawn) == n
    assert set(drawn) <= set(range(n))
    if replaced == "sample":
        assert all(p[i] > 0 for i in drawn)
    if replaced == "epoch":
        assert sorted(drawn) == list(range(n))
        assert all(p[i] > 0 for i in drawn[:positive])
    if replaced == "batch":
        for start in range(0, n, batch):
            one = drawn[start : start + batch]
            assert len(set(one)) == len(one)
            assert sum(p[i] > 0 for i in one) == min(positive, len(one))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1.0] * 7, 7.0), ([0.0, 3.0, 0.0], 1.0), ([1.0, 1.0, 2.0], 16 / 6), ([5.0, 5.0, 10.0], 16 / 6)],
)
def test_the_effective_sample_size_is_that_of_kish(weights: list[float], expected: float) -> None:
    assert effective_size(np.array(weights)) == pytest.approx(expected)
