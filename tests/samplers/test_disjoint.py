"""Draws of a stratum that share no sample."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import PluginSpec, Pool, PoolScore, Sample
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.draws import check_pool, draw_sets
from fairforget.study.options import build
from fairforget.study.overlap import overlaps

DATA = "d" * 64
REGISTRY = Registry.discover()
RANDOM = build(REGISTRY, "sampler", PluginSpec("random"))


def samples(groups, each=4):
    return tuple(Sample(f"{g}-{i}", "q", f"a{g}{i}", group=f"g{g}") for g in range(groups) for i in range(each))


def pool(groups, each=4, whole=True):
    found = samples(groups, each)
    return Pool(found, np.ones(len(found)), whole_groups=whole)


def by_stratum(draws):
    found = {}
    for draw in draws:
        found.setdefault(draw.stratum, []).append(set(draw.forget))
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_disjoint_draws_part_a_stratum(whole):
    draws = draw_sets(RANDOM, pool(6, 4, whole), data=DATA, size=8, draws=3, disjoint=True)
    assert set().union(*(draw.forget for draw in draws)) == {s.id for s in samples(6, 4)}
    assert all(not set(a.forget) & set(b.forget) for a, b in combinations(draws, 2))
    assert [o.largest for o in overlaps(draws)] == [0.0]


def test_a_disjoint_draw_does_not_depend_on_those_after_it():
    few, many = (draw_sets(RANDOM, pool(9), data=DATA, size=4, draws=n, disjoint=True) for n in (3, 9))
    assert many[:3] == few
    assert few[0] == draw_sets(RANDOM, pool(9), data=DATA, size=4, draws=1)[0]  # the first has nothing to avoid


def test_disjoint_draws_come_from_the_same_bins():
    """What is taken stays in the pool, so the bins are those of every other study."""
    found = samples(12)
    scores = {"mrd": PoolScore(np.repeat(np.arange(12.0), 4), "easier")}
    whole = Pool(found, np.ones(len(found)), whole_groups=True, scores=scores)
    sampler = build(REGISTRY, "sampler", PluginSpec("binned"))
    apart = by_stratum(draw_sets(sampler, whole, data=DATA, size=4, draws=4, disjoint=True))
    free = by_stratum(draw_sets(sampler, whole, data=DATA, size=16, draws=1))
    assert {name: set().union(*sets) for name, sets in apart.items()} == {n: s[0] for n, s in free.items()}
    with pytest.raises(FairforgetError, match=r"leave 0 of the 16 samples of stratum 'easy'.*disjoint: false"):
        draw_sets(sampler, whole, data=DATA, size=4, draws=5, disjoint=True)


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8), size=st.integers(1, 9), apart=st.integers(1, 6))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_pool_is_refused_that_could_be_drawn_from(sizes, size, apart):
    found = tuple(Sample(f"{g}-{i}", "q", "a", group=f"g{g}") for g, n in enumerate(sizes) for i in range(n))
    whole = Pool(found, np.ones(len(found)), whole_groups=True)
    try:
        draw_sets(RANDOM, whole, data=DATA, size=size, draws=apart, disjoint=True)
    except FairforgetError:
        return
    check_pool(found, "group", size, apart)
