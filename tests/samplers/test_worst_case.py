from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from fairforget.api import PluginSpec, Pool, PoolScore, Sample
from fairforget.errors import FairforgetError
from fairforget_samplers.exchange import Choice, search
from fairforget_samplers.random import Random
from fairforget_samplers.worst_case import WorstCase


def exact(choice: Choice) -> float | None:
    """Return the largest total gain of any set, by branch and bound (HiGHS); None where there is none."""
    surplus = choice.sizes * (choice.lengths - choice.length)
    within = choice.tolerance * choice.sizes
    constraints = [
        LinearConstraint(choice.sizes, 1, choice.size),
        LinearConstraint(surplus - within, -np.inf, 0),
        LinearConstraint(surplus + within, 0, np.inf),
    ]
    n = len(choice.sizes)
    found = milp(-choice.gain * choice.sizes, integrality=np.ones(n), bounds=Bounds(0, 1), constraints=constraints)
    return -found.fun if found.status == 0 else None


def problem(seed, *, unlike=False, rho=0.8):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(15, 60))
    lengths = rng.normal(30, 8, n)
    gain = rho * (lengths - 30) / 8 + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    sizes = rng.integers(1, 5, n) if unlike else np.full(n, 3)
    size = int(rng.integers(5, n)) if unlike else 3 * int(rng.integers(3, n // 3))
    return Choice(gain - gain.min(), lengths, sizes, size, float(np.average(lengths, weights=sizes)), 0.8)


@pytest.mark.parametrize(("unlike", "worst", "mean"), [(False, 0.95, 0.99), (True, 0.75, 0.98)])
def test_the_search_is_near_the_exact_optimum(unlike, worst, mean):
    shares = []
    for seed in range(60):
        choice = problem(seed, unlike=unlike)
        chosen, best = search(choice), exact(choice)
        assert best is not None
        assert choice.sizes[chosen].sum() <= choice.size
        if not choice.missed(chosen):
            shares.append((choice.gain * choice.sizes)[chosen].sum() / best)
    assert len(shares) >= (57 if unlike else 60)  # of unlike units it may find none, and then refuses
    assert max(shares) <= 1 + 1e-6
    assert min(shares) >= worst
    assert np.mean(shares) >= mean


def test_without_a_length_it_is_the_top():
    choice = replace(problem(3), tolerance=np.inf)
    top = np.argsort(-choice.gain)[: choice.size // 3]
    assert set(np.flatnonzero(search(choice))) == set(top)


def make_pool(scores, lengths=None, each=1, *, higher_is="harder", reliability=None, stderr=None) -> Pool:
    samples = tuple(Sample(f"g{g}-{i}", "", "x", group=f"g{g}") for g in range(len(scores)) for i in range(each))
    values = np.repeat(np.asarray(scores, dtype=float), each)
    errors = None if stderr is None else np.full(len(values), stderr)
    lengths = np.full(len(scores), 9.0) if lengths is None else lengths
    score = PoolScore(values, higher_is, reliability, errors)
    return Pool(samples, np.repeat(lengths, each), whole_groups=True, scores={"mrd": score})


def planted(seed=0, size=120, each=2, **how) -> Pool:
    rng = np.random.default_rng(seed)
    lengths = rng.normal(30, 8, size)
    return make_pool(0.8 * (lengths - 30) / 8 + 0.6 * rng.standard_normal(size), lengths, each, **how)


def of(pool, ids):
    rows = [i for i, sample in enumerate(pool.samples) if sample.id in set(ids)]
    return pool.scores["mrd"].values[rows].mean(), pool.lengths[rows].mean()


@pytest.mark.parametrize("higher_is", ["harder", "easier"])
def test_draws_are_harder_than_random_ones_and_of_the_length_of_the_pool(higher_is):
    pool = planted(higher_is=higher_is)
    sign = 1 if higher_is == "harder" else -1
    sets = [WorstCase().draw(pool, "worst-case", 24, np.random.default_rng(seed)) for seed in range(10)]
    random = [Random().draw(pool, "random", 24, np.random.default_rng(seed)) for seed in range(200)]
    found = [sign * of(pool, ids)[0] for ids in sets]
    known = [sign * of(pool, ids)[0] for ids in random]
    assert np.mean(found) > max(known)
    assert min(found) > np.quantile(known, 0.95)
    assert all(abs(of(pool, ids)[1] - pool.lengths.mean()) <= 0.1 * pool.lengths.std() + 1e-9 for ids in sets)
    assert len({tuple(ids) for ids in sets}) == 10
    free = WorstCase(match="none").draw(pool, "worst-case", 24, np.random.default_rng(0))
    assert sign * (of(pool, free)[1] - pool.lengths.mean()) > 0.5 * pool.lengths.std()  # hard stands for long


def test_all_units_have_one_worst_case():
    pool = planted(each=1)
    found = {
        tuple(WorstCase(among=1, match="none").draw(pool, "worst-case", 9, np.random.default_rng(s))) for s in range(4)
    }
    (ids,) = found
    assert of(pool, ids)[0] == pytest.approx(np.sort(pool.scores["mrd"].values)[-9:].mean())


def test_taken_and_unscored_units_are_passed_over():
    pool = planted(size=40)
    pool.scores["mrd"].values[:6] = np.nan
    first = WorstCase().draw(pool, "worst-case", 12, np.random.default_rng(0))
    second = WorstCase().draw(replace(pool, taken=frozenset(first)), "worst-case", 12, np.random.default_rng(0))
    assert not set(first) & set(second)
    assert not {s.id for s in pool.samples[:6]} & {*first, *second}
    assert any("3 groups have no score by mrd and are in no draw" in line for line in WorstCase().advise(pool))
    assert any("nothing is unlearned in the search" in line for line in WorstCase().advise(pool))
    nearly = replace(pool, taken=frozenset(sample.id for sample in pool.samples[8:]))
    with pytest.raises(FairforgetError, match=r"leave 2 of the 74 samples of stratum 'worst-case'"):
        WorstCase().draw(nearly, "worst-case", 12, np.random.default_rng(0))


def test_a_share_too_small_for_the_draw_is_made_larger():
    pool = planted(size=20)
    ids = WorstCase(among=0.05, match="none").draw(pool, "worst-case", 16, np.random.default_rng(0))
    assert len(ids) == 16


def test_what_cannot_be_drawn_says_the_mend():
    rng = np.random.default_rng(0)
    assert WorstCase(by={"name": "mrd", "draws": 9}).needs() == (PluginSpec("mrd", {"draws": 9}),)
    with pytest.raises(FairforgetError, match=r"sampler worst-case: mrd has split-half reliability 0.30; min_reliab"):
        WorstCase().draw(planted(reliability=0.3, stderr=1.0), "worst-case", 8, rng)
    with pytest.raises(FairforgetError, match=r"no set of 3 samples was found whose mean length is within 0.1 .*among"):
        WorstCase().draw(make_pool(range(8), [1, 1, 1, 1, 90, 90, 90, 90]), "worst-case", 3, rng)
    with pytest.raises(FairforgetError, match="has 8 samples in 8 groups, and forget_size is 9"):
        WorstCase().draw(make_pool(range(8)), "worst-case", 9, rng)
    with pytest.raises(FairforgetError, match="wants scores by loss"):
        WorstCase(by="loss").draw(make_pool(range(8)), "worst-case", 2, rng)
    with pytest.raises(FairforgetError, match="has no stratum 'worst'"):
        WorstCase().draw(make_pool(range(8)), "worst", 2, rng)
