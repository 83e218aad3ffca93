"""How two rows compare, beside the same from the raw records by pandas and scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats


def test_rows_are_in_the_order_of_the_board(table, compared):
    assert compared.order == tuple(row.id for row in table.competing)
    assert tuple(compared.rows) == compared.order
    assert [(pair.first, pair.second) for pair in compared.pairs] == list(combinations(compared.order, 2))


def test_differences_are_paired(compared, random_draws):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(random_draws)), 2), strict=True):
        tested = stats.ttest_rel(random_draws[i], random_draws[j])
        low, high = tested.confidence_interval()
        found = pair.difference
        assert (found.mean, found.low, found.high) == pytest.approx(
            ((random_draws[i] - random_draws[j]).mean(), low, high)
        )
        assert found.mean > 0
        assert found.n == 6


def test_the_p_of_pairs_makes_the_ranks_of_the_board(table, compared):
    for row in table.competing:
        better = sum(pair.second == row.id and pair.p <= 0.05 for pair in compared.pairs)
        assert row.rank.rank == 1 + better
        worse = sum(pair.first == row.id and pair.p <= 0.05 for pair in compared.pairs)
        assert row.rank.high == len(table.competing) - worse
    told = {(pair.first, pair.second): pair.p <= 0.05 for pair in compared.pairs}
    assert compared.separable == sum(told[pair] for pair in zip(compared.order, compared.order[1:], strict=False))
    assert 0 < compared.separable < len(compared.order) - 1


def test_signs_are_flipped_exactly(compared, random_draws):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(random_draws)), 2), strict=True):
        tested = stats.permutation_test(
            (random_draws[i] - random_draws[j],), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert pair.p_flip == pytest.approx(tested.pvalue)


def test_improvement_and_reversals_are_counted(compared, random_draws, cells):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(cells)), 2), strict=True):
        assert pair.improvement.value == pytest.approx((cells[i] > cells[j]).mean())
        assert pair.improvement.low <= pair.improvement.value <= pair.improvement.high
        count = int((random_draws[i] < random_draws[j]).sum())
        tested = stats.binomtest(count, 6).proportion_ci()
        found = pair.reversals
        assert (found.count, found.n, found.value) == (count, 6, count / 6)
        assert (found.low, found.high) == pytest.approx((tested.low, tested.high))


def test_reversal_is_told_with_and_without_the_noise_of_seeds(compared, cells):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(cells)), 2), strict=True):
        apart = cells[i] - cells[j]
        means = apart.mean(axis=1)
        noise = apart.var(axis=1, ddof=1).mean() / 2
        between = means.var(ddof=1)
        assert pair.reversal.value == pytest.approx(stats.norm.cdf(-means.mean() / between**0.5))
        tau = max(between - noise, 0) ** 0.5
        true = stats.norm.cdf(-means.mean() / tau) if tau else 0.0
        assert pair.reversal_true.value == pytest.approx(true)
        assert pair.reversal.low - 1e-6 <= pair.reversal.value <= pair.reversal.high + 1e-6 <= 0.5 + 1e-6
        see = np.log(0.05) / np.log1p(-pair.reversal.value) if pair.reversal.value > 1e-12 else np.inf
        assert pair.draws_to_see == (np.ceil(see) if see < 998_000 else None)


def test_standings_say_how_far_seeds_and_draws_spread(compared, random_draws, cells):
    for i, standing in enumerate(compared.rows.values()):
        assert standing.sd_draws == pytest.approx(random_draws[i].std(ddof=1))
        assert standing.sd_seeds == pytest.approx(cells[i].var(axis=1, ddof=1).mean() ** 0.5)
        assert 1 <= standing.low <= standing.high <= len(cells)
    best, *others = compared.rows.values()
    assert best.to_best is None
    assert [one.to_best.mean for one in others] == pytest.approx(
        [draws.mean() - random_draws[0].mean() for draws in random_draws[1:]]
    )
    assert sum(one.first for one in compared.rows.values()) == pytest.approx(1, abs=1e-5)
    assert list(compared.rows.values())[-1].beats_next is None
    for one, (i, j) in zip(compared.rows.values(), zip(range(7), range(1, 8), strict=True), strict=False):
        assert one.beats_next.value == pytest.approx((cells[i] > cells[j]).mean())
