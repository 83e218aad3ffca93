"""How many forget sets it would take to tell two rows apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.board.table import build


def test_how_many_forget_sets_would_tell_counts_all_rows(compared):
    """With 8 rows 56 ordered pairs are tested, one-sided, at 5 % together."""
    z = stats.norm.isf(0.05 / 56)
    untold = [pair for pair in compared.pairs if pair.p > 0.05]
    assert 0 < len(untold) < len(compared.pairs)
    for pair in compared.pairs:
        needed = (z + stats.norm.ppf(0.8)) ** 2 * (pair.difference.sd / pair.difference.mean) ** 2 + z**2 / 2
        expected = None if pair.p <= 0.05 else max(7, np.ceil(needed))
        assert pair.draws_to_tell == pair.draws_apart == expected


def test_overlap_widens_differences_and_leaves_permutations_out(factory):
    rng = np.random.default_rng(8)
    sets = {"apart": [[f"{i}-{j}" for j in range(4)] for i in range(4)], "alike": [["a", "b", i, "c"] for i in "wxyz"]}
    found = {}
    noise = rng.normal(0, 0.01, (4, 2))
    for kind, draws in sets.items():
        records = [
            factory.make_record(factory.make_cell(m, index=i, draw__forget=forget), 0.8 + noise[i, j] + 0.02 * j, 0.8)
            for i, forget in enumerate(draws)
            for j, m in enumerate(("npo", "idk"))
        ]
        (found[kind],) = build(factory.read(records)).tables[0].compared.pairs
    # ρ = 3/4: the variance is s² (1/4 + 3) in place of s² / 4.
    assert found["alike"].difference.half_width == pytest.approx(13**0.5 * found["apart"].difference.half_width)
    assert found["apart"].p_flip is not None
    assert found["alike"].p_flip is None
    assert found["alike"].improvement.value == found["apart"].improvement.value
    assert found["alike"].improvement.low < found["apart"].improvement.low
    # Sets that share nothing spread by 1 / (1 − ρ) more than these; of these no number is enough.
    size, sd = found["alike"].difference.mean, found["alike"].difference.sd
    needed = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) ** 2 * sd**2 * 4 / size**2 + stats.norm.ppf(0.975) ** 2 / 2
    assert found["alike"].draws_to_tell is None
    assert found["alike"].draws_apart == max(5, np.ceil(needed))


def test_what_it_takes_to_tell_counts_weights_and_what_each_stratum_shares(factory):
    rng = np.random.default_rng(5)
    sets = {
        "easy": [["a", *(f"{i}-{j}" for j in range(9))] for i in range(5)],
        "hard": [[f"{i}-{j}" for j in range(10)] for i in range(5, 10)],
    }
    apart = {stratum: 0.01 + 0.03 * rng.normal(size=5) for stratum in sets}
    records = [
        factory.make_record(factory.make_cell(m, stratum=s, index=i, draw__forget=forget), v, v)
        for s, draws in sets.items()
        for i, forget in enumerate(draws)
        for m, v in (("npo", 0.7 + apart[s][i]), ("idk", 0.7))
    ]
    (pair,) = build(factory.read(records), weights={"easy": 1, "hard": 3}).tables[0].compared.pairs
    weights, rhos = {"easy": 0.25, "hard": 0.75}, {"easy": 0.1, "hard": 0.0}
    size = abs(sum(weights[s] * apart[s].mean() for s in sets))
    assert pair.difference.mean == pytest.approx(size)
    assert pair.p > 0.05
    z = stats.norm.ppf(0.975)
    # Of n draws a stratum has n / 2.
    passing = {s: 2 * weights[s] ** 2 * apart[s].var(ddof=1) for s in sets}
    lasting = sum(passing[s] / 2 * rhos[s] / (1 - rhos[s]) for s in sets)
    room = (size / (z + stats.norm.ppf(0.8))) ** 2
    expected = np.ceil(sum(passing.values()) / (room - lasting) + z**2 / 2)
    others = np.ceil(sum(passing[s] / (1 - rhos[s]) for s in sets) / room + z**2 / 2)
    assert (pair.draws_to_tell, pair.draws_apart) == (expected, others)
    assert expected > others > 11
