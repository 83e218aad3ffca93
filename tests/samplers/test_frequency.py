from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from fairforget.api import PluginSpec, Pool, PoolScore, Sample
from fairforget.errors import FairforgetError
from fairforget_samplers.buckets import attribute_values, places
from fairforget_samplers.frequency import Frequency
from fairforget_tasks.biographies import Biographies

STRATA = ("low-frequency", "medium-frequency", "high-frequency")


def make_pool(counts, lengths=None, each=2, loss=None) -> Pool:
    samples = tuple(
        Sample(f"g{g}-{i}", "", "x", group=f"g{g}", attributes={"frequency": count})
        for g, count in enumerate(counts)
        for i in range(each)
    )
    scores = {"frequency": PoolScore(np.repeat(np.asarray(counts, dtype=float), each), "harder")}
    if loss is not None:
        scores["loss"] = PoolScore(np.repeat(loss, each), "easier")
    lengths = np.full(len(counts), 9.0) if lengths is None else lengths
    return Pool(samples, np.repeat(lengths, each), whole_groups=True, scores=scores)


def planted(seed=0, count=40) -> Pool:
    """Return groups of five levels whose length and loss go with the level."""
    rng = np.random.default_rng(seed)
    counts = rng.permutation(np.repeat([1, 2, 4, 8, 16], count))
    size = len(counts)
    return make_pool(counts, rng.normal(30, 8, size) + 2 * np.log2(counts), 1, 0.2 / counts + rng.gamma(4, 0.05, size))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 8.0, np.nan]), max_size=12))
def test_a_place_is_the_mean_percentile_rank(values):
    known = [value for value in values if value == value]
    expected = [percentileofscore(known, v, kind="mean") / 100 if v == v else np.nan for v in values]
    assert places(np.array(values, dtype=float)) == pytest.approx(np.array(expected), nan_ok=True)


def test_buckets_of_many_values_are_the_quantiles_of_the_paper():
    counts = np.random.default_rng(0).lognormal(3, 2, 300)
    units = Frequency(match="none").matched(make_pool(counts, each=1)).units
    low, high = np.quantile(counts, [1 / 3, 2 / 3])
    found = {name: sorted(counts[unit[0]] for unit in found) for name, found in units.items()}
    assert found["low-frequency"] == sorted(counts[counts <= low])
    assert found["high-frequency"] == sorted(counts[counts > high])
    assert [len(found[name]) for name in STRATA] == [100, 100, 100]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((1, 2, 4, 8, 16), ({1, 2}, {4}, {8, 16})),
        ((1, 2, 4, 8), ({1}, {2, 4}, {8})),
        ((1, 2, 4), ({1}, {2}, {4})),
        ((1, 10), ({1}, None, {10})),
    ],
)
def test_units_of_one_frequency_are_never_parted(levels, expected):
    pool = make_pool(np.repeat(levels, 12))
    sampler = Frequency(match="none", medium=expected[1] is not None)
    units = sampler.matched(pool).units
    found = {name: {pool.samples[i].attributes["frequency"] for u in held for i in u} for name, held in units.items()}
    assert found == {name: want for name, want in zip(STRATA, expected, strict=True) if want is not None}


def test_an_empty_bucket_says_the_mend():
    rng = np.random.default_rng(0)
    for levels, mend in (((1, 10), "medium-frequency is empty, .* write medium: false"), ((4,), "more levels")):
        pool = make_pool(np.repeat(levels, 12))
        with pytest.raises(FairforgetError, match=mend):
            Frequency().draw(pool, "low-frequency", 4, rng)
        assert any(line.startswith("warning: sampler frequency:") for line in Frequency().advise(pool))
    assert len(Frequency(medium=False).draw(make_pool([1, 10] * 12), "low-frequency", 4, rng)) == 4


@pytest.mark.parametrize("medium", [True, False])
def test_draws_by_the_same_generator_are_partners_of_one_length(medium):
    pool, sampler = planted(), Frequency(medium=medium)
    assert sampler.paired_strata
    rows = {
        name: {pool.samples[unit[0]].id: row for row, unit in enumerate(units)}
        for name, units in sampler.matched(pool).units.items()
    }
    for seed in range(3):
        sets = {name: sampler.draw(pool, name, 12, np.random.default_rng(seed)) for name in sampler.strata}
        partners = {name: sorted(rows[name][i] for i in ids) for name, ids in sets.items()}
        assert len(set(map(tuple, partners.values()))) == 1
        assert len(partners["low-frequency"]) == 12
        assert len({i for ids in sets.values() for i in ids}) == 12 * len(sampler.strata)
    spread = np.sqrt(np.mean([pool.lengths[[u[0] for u in us]].var(ddof=1) for us in _raw(pool, medium).values()]))
    means = {
        name: pool.lengths[[unit[0] for unit in units]].mean() for name, units in sampler.matched(pool).units.items()
    }
    assert abs(means["high-frequency"] - means["low-frequency"]) <= 0.1 * spread + 1e-9
    raw = {name: pool.lengths[[unit[0] for unit in units]].mean() for name, units in _raw(pool, medium).items()}
    assert raw["high-frequency"] - raw["low-frequency"] > 0.15 * spread


def _raw(pool, medium):
    return Frequency(match="none", medium=medium).matched(pool).units


def test_what_is_known_before_can_be_matched_too():
    pool = planted()
    assert Frequency(match="length-and-loss").needs() == (PluginSpec("frequency"), PluginSpec("loss"))

    def gap(match):
        units = Frequency(match=match, medium=False).matched(pool).units
        low, high = (
            np.mean([pool.scores["loss"].values[u[0]] for u in units[name]]) for name in (STRATA[0], STRATA[2])
        )
        return low - high

    assert gap("length") > 0.08  # planted: .2/1 and .2/2 against .2/8 and .2/16
    assert abs(gap("length-and-loss")) < 0.015


def test_an_attribute_takes_the_place_of_the_difficulty():
    pool = make_pool([1, 2, 3] * 8)
    named = replace(
        pool,
        samples=tuple(replace(s, attributes={"popularity": s.attributes["frequency"]}) for s in pool.samples),
        scores={},
    )
    sampler = Frequency(attribute="popularity")
    assert sampler.needs() == ()
    ids = sampler.draw(named, "high-frequency", 4, np.random.default_rng(0))
    assert {s.attributes["popularity"] for s in named.samples if s.id in ids} == {3}
    with pytest.raises(FairforgetError, match=r"as attribute 'size'; this task has popularity, or remove attribute"):
        attribute_values(named, "size", "sampler frequency")
    with pytest.raises(FairforgetError, match="wants scores by frequency"):
        Frequency().draw(named, "low-frequency", 4, np.random.default_rng(0))
    partly = replace(named, samples=(replace(named.samples[0], attributes={"popularity": True}), *named.samples[1:]))
    assert np.isnan(attribute_values(partly, "popularity", "")[0])


def test_it_says_what_the_buckets_hold():
    lines = Frequency().advise(make_pool([1, 2, 4, 8, 16] * 6))
    assert lines[0] == "sampler frequency: low-frequency is 1 to 2, 12 groups"
    assert lines[2] == "sampler frequency: high-frequency is 8 to 16, 12 groups"
    assert "6 of 12 low-frequency, 6 of 6 medium-frequency, 6 of 12 high-frequency groups are matched" in lines[3]


def test_the_embedded_task_has_frequencies_to_draw_by():
    pool = Biographies(holdout_people=0, retain_people=0, world_facts=0).corpus().pool
    whole = Pool(pool, np.array([float(len(s.completion.split())) for s in pool]), whole_groups=True)
    sampler = Frequency(attribute="frequency")
    levels = Counter()
    for seed in range(5):
        for name in sampler.strata:
            ids = set(sampler.draw(whole, name, 9, np.random.default_rng(seed)))
            levels.update({(name, s.attributes["frequency"]) for s in pool if s.id in ids})
    assert {level for name, level in levels if name == "low-frequency"} == {1, 2}
    assert {level for name, level in levels if name == "medium-frequency"} == {4}
    assert {level for name, level in levels if name == "high-frequency"} == {8, 16}
