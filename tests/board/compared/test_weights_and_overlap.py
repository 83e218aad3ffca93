"""Strata of unlike weight and forget sets that share samples, in all that is said of rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fairforget.board.table import build
from fairforget.stats.bootstrap import bootstrap
from fairforget.stats.cube import PairedCube
from fairforget.stats.improvement import improvement
from fairforget.stats.ranks import rank
from fairforget.stats.reversal import observed_reversals, reversal_model
from fairforget.stats.reversal_interval import reversal_intervals


def test_strata_that_count_together_are_weighed(factory, study, frame, names):
    found = build(factory.read(study), weights={"easy": 1, "hard": 3}).tables[0].compared
    labels = {label: row for row, label in names.items()}
    means = frame.groupby(["stratum", "row"])["score"].mean()
    score = {labels[row]: 0.25 * means["easy"][row] + 0.75 * means["hard"][row] for row in means["easy"].index}
    assert list(found.order) == sorted(score, key=lambda row: -score[row])
    for pair in found.pairs:
        assert pair.difference.mean == pytest.approx(score[pair.first] - score[pair.second])
        assert pair.difference.n == pair.reversals.n == pair.improvement.n == 12
    assert found.agreement.draws == 12
    assert found.null.draws == 12


@pytest.fixture(scope="module")
def weighed(factory):
    """Three rows over two strata of unlike weight and overlap: the comparison, and (rows, draws, seeds) of each."""
    rng = np.random.default_rng(19)
    forget = {
        "easy": [["a", *(f"{i}-{j}" for j in range(9))] for i in range(4)],
        "hard": [["w", "x", *(f"{i}-{j}" for j in range(8))] for i in range(4, 8)],
    }
    means = {"easy": (0.7, 0.68, 0.6), "hard": (0.5, 0.515, 0.45)}  # who leads first and second is for weights to say
    cells = {
        s: np.array(m)[:, None, None] + rng.normal(0, 0.015, (3, 4, 1)) + rng.normal(0, 0.015, (3, 4, 2))
        for s, m in means.items()
    }
    records = [
        factory.make_record(
            factory.make_cell(m, stratum=s, index=i, seed=seed, draw__forget=forget[s][i]),
            *[float(cells[s][k, i, seed])] * 2,
        )
        for s in forget
        for k, m in enumerate(("npo", "idk", "dpo"))
        for i in range(4)
        for seed in range(2)
    ]
    table = build(factory.read(records), weights={"easy": 1, "hard": 3}).tables[0]
    labels = {row.id: row.label for row in table.rows}
    order = [("npo", "idk", "dpo").index(labels[row]) for row in table.compared.order]
    overlap = [
        np.mean([len(set(a) & set(b)) / (len(a) * len(b)) ** 0.5 for a, b in combinations(draws, 2)])
        for draws in forget.values()
    ]
    return table.compared, [cells[s][order] for s in forget], overlap


def test_weights_and_overlap_reach_every_number_of_a_pair(weighed):
    compared, cells, overlap = weighed
    weights = [0.25, 0.75]
    assert overlap == pytest.approx([0.1, 0.2])
    ranking = rank([values.mean(axis=2) for values in cells], weights, overlap=overlap)
    cube = PairedCube(np.concatenate(cells, axis=1), np.repeat([0, 1], 4))
    improved = improvement(cube, weights, overlap)
    for pair, (i, j) in zip(compared.pairs, combinations(range(3), 2), strict=True):
        apart = [values[i] - values[j] for values in cells]
        model = reversal_model(apart, weights, overlap)
        ends = reversal_intervals(apart, weights, rng=np.random.default_rng(0), resamples=50_000)
        seen = observed_reversals([d.mean(axis=1) for d in apart], weights)
        assert pair.p == pytest.approx(ranking.p[i, j])
        assert (pair.improvement.value, pair.improvement.low) == pytest.approx(
            (improved.value[i, j], improved.low[i, j])
        )
        assert (pair.reversals.count, pair.reversals.n) == (seen.count, 8)
        assert (pair.reversal.value, pair.reversal_true.value) == pytest.approx((model.observed, model.true))
        assert (pair.reversal.low, pair.reversal.high) == pytest.approx(ends.observed, abs=0.02)
        assert pair.wrong_winner == pytest.approx(model.wrong_winner)
    assert min(pair.p for pair in compared.pairs) < 1


def test_weights_and_overlap_reach_the_bootstrap(weighed):
    compared, cells, overlap = weighed
    cube = PairedCube(np.concatenate(cells, axis=1), np.repeat([0, 1], 4))
    found = bootstrap(cube, np.random.default_rng(1), 40_000, [1, 3], overlap)
    told = [row.first for row in compared.rows.values()]
    assert told == pytest.approx(found.first, abs=0.02)
    for weights, shared in (([1, 1], overlap), ([1, 3], [0.0, 0.0])):
        other = bootstrap(cube, np.random.default_rng(1), 40_000, weights, shared)
        assert told != pytest.approx(other.first, abs=0.02)
