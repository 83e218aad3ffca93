from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, spearmanr

from fairforget_samplers.bins import bin_by_score, bin_within_lengths

FIXED = settings(derandomize=True, deadline=None, max_examples=150)


@st.composite
def units(draw):
    bins = draw(st.integers(2, 6))
    n = draw(st.integers(bins, 120))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    lengths = rng.integers(1, draw(st.integers(2, 60)), size=n).astype(float)
    scores = draw(st.sampled_from([-1, 0, 1])) * lengths + draw(st.sampled_from([0.1, 3.0])) * rng.standard_normal(n)
    return bins, scores, lengths


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference of two empirical distribution functions."""
    at = np.unique(np.concatenate([a, b]))
    return float(
        np.abs(
            np.searchsorted(np.sort(a), at, "right") / len(a) - np.searchsorted(np.sort(b), at, "right") / len(b)
        ).max()
    )


@FIXED
@given(units())
def test_raw_bins_are_quantiles(case):
    bins, scores, _ = case
    labels = bin_by_score(scores, bins)
    sizes = np.bincount(labels, minlength=bins)
    assert sizes.max() - sizes.min() <= 1
    assert (sizes == sizes[::-1]).all() or bins % 2 == 0  # no end is favoured
    for low, high in zip(range(bins), range(1, bins), strict=False):
        assert scores[labels == low].max() <= scores[labels == high].min()


@FIXED
@given(units(), st.integers(1, 20))
def test_matched_bins_have_one_distribution_of_lengths(case, length_bins):
    bins, scores, lengths = case
    labels = bin_within_lengths(scores, lengths, bins, length_bins)
    rows = len(scores) // bins
    length_bins = min(length_bins, rows)
    sizes = np.bincount(labels, minlength=bins)
    assert sizes.max() - sizes.min() <= 1
    share = -(-rows // length_bins) / rows
    for a in range(bins):
        for b in range(a):
            assert distance(lengths[labels == a], lengths[labels == b]) <= share + bins / rows + 1e-9


def test_strata_are_ordered_in_every_length_bin():
    rng = np.random.default_rng(0)
    lengths = np.repeat(np.arange(10), 12).astype(float)  # length bins that can be seen from outside
    scores = 5 * lengths + rng.standard_normal(120)
    order = rng.permutation(120)
    lengths, scores = lengths[order], scores[order]
    labels = bin_within_lengths(scores, lengths, 3, 10)
    for length in range(10):
        here = [scores[(lengths == length) & (labels == b)] for b in range(3)]
        assert [len(h) for h in here] == [4, 4, 4]
        assert here[0].max() <= here[1].min() <= here[1].max() <= here[2].min()


@pytest.mark.parametrize("rho", [-0.95, 0.95])
def test_matching_takes_the_length_out_of_the_bins_and_leaves_the_score_in(rho):
    rng = np.random.default_rng(1)
    lengths = rng.integers(4, 61, size=400).astype(float)
    z = (lengths - lengths.mean()) / lengths.std()
    scores = rho * z + np.sqrt(1 - rho**2) * rng.standard_normal(400)
    raw, matched = bin_by_score(scores, 3), bin_within_lengths(scores, lengths, 3, 400 // 9)
    means = [lengths[raw == b].mean() for b in (0, 2)]
    assert abs(means[0] - means[1]) > 25
    means = [lengths[matched == b].mean() for b in range(3)]
    assert max(means) - min(means) < 0.7
    assert ks_2samp(lengths[matched == 0], lengths[matched == 2], method="asymp").pvalue > 0.99
    residual = scores - rho * z
    assert spearmanr(matched, residual).statistic > 0.8
    assert residual[matched == 0].mean() < residual[matched == 1].mean() < residual[matched == 2].mean()
