"""How far rows agree on what is hard, beside scipy and all permutations."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.agreement import concordance
from fairforget.stats.mean_correlation import by_chance, mean_correlation


def test_mean_correlation_beside_scipy():
    y = np.random.default_rng(2).normal(size=(4, 15)) + np.linspace(0, 2, 15)
    every, sets = np.ones(6, dtype=bool), np.arange(15)
    upper = np.triu_indices(4, 1)

    def mean(values):
        return stats.spearmanr(values.T).statistic[upper].mean()

    found = mean_correlation(y, every, sets)
    assert found.mean == pytest.approx(mean(y))
    assert found.mean == pytest.approx(concordance(y.T).rho)

    def z(rho):
        return 0.5 * np.log((1 + 3 * rho) / (1 - rho))

    left = z(np.array([mean(np.delete(y, i, axis=1)) for i in range(15)]))
    half = stats.t(14).ppf(0.975) * np.sqrt(14 / 15 * ((left - left.mean()) ** 2).sum())
    assert z(found.low) == pytest.approx(z(found.mean) - half)
    assert z(found.high) == pytest.approx(z(found.mean) + half)


def test_chance_beside_all_permutations():
    y = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]])
    seen = stats.spearmanr(*y).statistic
    every = [stats.spearmanr(y[0], p).statistic for p in permutations(y[1])]
    exact = np.mean([one >= seen - 1e-12 for one in every])
    found = by_chance(y, np.ones(1, dtype=bool), np.random.default_rng(0), 4999)
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / 5000)


def test_rows_that_agree_by_construction_are_one_order_to_chance():
    """Two twins and a third: were twins permuted apart, the mean of two pairs would spread too little."""
    rng, low = np.random.default_rng(3), 0
    pairs = np.array([False, True, True])
    for _ in range(400):
        y = rng.normal(size=(2, 12))
        low += by_chance(np.stack([y[0], y[0], y[1]]), pairs, rng, 199) <= 0.05
    assert low / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_concordance_of_rows(planted, told):
    rng = np.random.default_rng(12)
    y = rng.normal(size=(3, 10, 2)) + np.arange(10)[None, :, None] / 3
    rows = [("grad-ascent", "u"), ("npo", "u"), ("rmu", "u")]
    study = planted.Study(rows, 10, 2).told(y)
    found = told("concordance", study)
    matrix = stats.spearmanr(y.mean(axis=2).T).statistic
    assert found.value == pytest.approx(matrix[np.triu_indices(3, 1)].mean())
    assert found.figure["w"] == pytest.approx(concordance(y.mean(axis=2).T).w)
    apart = told("concordance", study, together=[["grad-ascent", "npo"]])
    assert apart.value == pytest.approx((matrix[0, 2] + matrix[1, 2]) / 2)
    assert "no two rows" in told("concordance", study, together=[["grad-ascent", "npo", "rmu"]]).problem
    same = y.copy()
    same[1] = 0.25
    assert "all outcomes are the same in npo + u" in told("concordance", planted.Study(rows, 10, 2).told(same)).problem


def test_what_never_got_there_is_tied_behind_all_others(planted, told):
    updates = {"a": [3, 9, 9, 5, 7, 2, 9, 4], "b": [30, 70, 80, 50, 60, 20, 90, 40]}
    records = [
        planted.record(m, index=i, budget=planted.STOP, ledger=planted.spent(n, n < 9 or m == "b"))
        for m, of in updates.items()
        for i, n in enumerate(of)
    ]
    found = told("concordance", planted.evidence(records), of="log-updates")
    assert found.value == pytest.approx(stats.spearmanr(updates["a"], updates["b"]).statistic)
    assert found.figure["sets"][1] == ["random 1", None, pytest.approx(math.log(70))]


def test_concordance_of_samples(planted, told):
    rng = np.random.default_rng(13)
    values = rng.normal(size=(2, 6, 4))
    records = [
        planted.record(m, index=i, items={"c": {f"random-{i}-{j}": float(values[r, i, j]) for j in range(4)}})
        for r, m in enumerate("ab")
        for i in range(6)
    ]
    found = told("concordance", planted.evidence(records), of="c", by="samples")
    assert found.value == pytest.approx(stats.spearmanr(values[0].ravel(), values[1].ravel()).statistic)
    assert (found.n, found.figure["p"]) == (6, None)
    after = [
        planted.record(
            m, index=i, forgetting={"updates": {f"random-{i}-{j}": None if j == 3 else i + j for j in range(4)}}
        )
        for m in "ab"
        for i in range(6)
    ]
    assert told("concordance", planted.evidence(after), of="forgotten-after", by="samples").value == pytest.approx(1.0)
