from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fairforget.api import PluginSpec, Pool, PoolScore, Sample
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.draws import draw_sets
from fairforget.study.options import build
from fairforget_samplers.in_out_distribution import InOutDistribution

KINDS = ("canary", "shuffled", "domain")
STRATA = ("in-distribution", "out-of-distribution")


def make_pool(values, lengths, losses, each=1, scores=None) -> Pool:
    """Return a pool with a group for each value of the attribute `distribution`."""
    samples = tuple(
        Sample(f"g{g}-{i}", "", "x", group=f"g{g}", attributes={} if value is None else {"distribution": value})
        for g, value in enumerate(values)
        for i in range(each)
    )
    found = {"loss": PoolScore(np.repeat(np.asarray(losses, dtype=float), each), "easier"), **(scores or {})}
    return Pool(samples, np.repeat(lengths, each), whole_groups=True, scores=found)


def planted(count=60, each=2, seed=0) -> Pool:
    """Return natural groups, and as many of three other kinds that are longer and known less well."""
    rng = np.random.default_rng(seed)
    values = ["in" if i % 2 else KINDS[i // 2 % 3] for i in range(2 * count)]
    out = np.array([value != "in" for value in values])
    return make_pool(values, rng.normal(30, 8, 2 * count) + 6 * out, rng.gamma(4, 0.02, 2 * count) + 0.03 * out, each)


def drawn(pool, options=None, draws=6, size=12, **how):
    sampler = build(Registry.discover(), "sampler", PluginSpec("in-out-distribution", options or {}))
    found = {}
    for draw in draw_sets(sampler, pool, data="d" * 64, size=size, draws=draws, **how):
        found.setdefault(draw.stratum, []).append(draw.forget)
    return found


@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("options", [{}, {"kinds": list(KINDS), "match": "length"}])
def test_draws_of_an_index_are_partners(options, disjoint):
    pool = planted()
    found = drawn(pool, options, draws=2, disjoint=disjoint)
    sampler = InOutDistribution(**options)
    assert list(found) == list(sampler.strata)
    matched = sampler.matched(pool)
    place = {
        stratum: {pool.samples[i].id: row for row, unit in enumerate(units) for i in unit}
        for stratum, units in matched.units.items()
    }
    for index in range(2):
        rows = [sorted(place[stratum][name] for name in sets[index]) for stratum, sets in found.items()]
        assert all(row == rows[0] for row in rows)
        assert len(rows[0]) == 12
    one, other = found["in-distribution"]
    assert set(one) != set(other)
    assert not (disjoint and set(one) & set(other))


def test_what_is_drawn_is_what_it_is_called():
    pool = planted()
    kind = {sample.id: sample.attributes["distribution"] for sample in pool.samples}
    for stratum, sets in drawn(pool, {"kinds": ["domain", "canary"]}).items():
        want = {"in"} if stratum == "in-distribution" else {stratum.removeprefix("out-of-distribution-")}
        assert {kind[name] for names in sets for name in names} == want
    for stratum, sets in drawn(pool).items():
        want = {"in"} if stratum == "in-distribution" else set(KINDS)
        assert {kind[name] for names in sets for name in names} == want


@pytest.mark.parametrize(("match", "alike"), [("length-and-loss", (1, 1)), ("length", (1, 0)), ("none", (0, 0))])
def test_matching_takes_length_and_loss_out_of_the_comparison(match, alike):
    pool = planted(count=150)
    means = {
        stratum: np.mean([(pool.lengths[i], pool.scores["loss"].values[i]) for unit in units for i in unit], axis=0)
        for stratum, units in InOutDistribution(match=match).matched(pool).units.items()
    }
    gaps = np.abs(means[STRATA[1]] - means[STRATA[0]]) / (8, 0.04)  # in the planted standard deviations
    # A tenth of the standard deviation of this sample; a raw gap is .75 with a standard error of √(2/150) = .12.
    assert [bool(gap < 0.12) for gap in gaps] == [bool(one) for one in alike]


def test_it_says_what_was_matched_and_what_was_not():
    pool = planted(count=150)
    lines = InOutDistribution().advise(pool)
    rows = len(InOutDistribution().matched(pool).units[STRATA[0]])
    assert lines[0] == (
        f"sampler in-out-distribution: {rows} of 150 in-distribution, {rows} of 150 out-of-distribution groups are "
        "matched within 0.35 standard deviations; the others are in no draw"
    )
    assert 50 < rows < 150
    assert "mean length" in lines[1]
    assert "mean initial loss" in lines[2]
    # The printed gap is that of two groups as scipy or a textbook would standardise it.
    units = InOutDistribution(match="none").matched(pool).units
    a, b = ([float(pool.lengths[unit[0]]) for unit in units[stratum]] for stratum in STRATA)
    gap = (np.mean(b) - np.mean(a)) / np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)
    assert f"({gap:+.2f} before matching)" in lines[1]


def test_a_difference_that_is_left_is_warned_of():
    """All pairs differ the same way, so one is left in the end."""
    pool = make_pool(["in", "canary"] * 3, [10, 12, 20, 22, 30, 32], [0.1] * 6)
    lines = InOutDistribution(match="length").advise(pool)
    assert "1 of 3 in-distribution" in lines[0]
    assert lines[1].startswith("warning: sampler in-out-distribution: mean length is ")
    assert "+0.20 standard deviations" in lines[1]


def test_units_without_a_loss_or_of_two_kinds_are_in_no_draw():
    pool = planted(count=20)
    pool.scores["loss"].values[:4] = np.nan  # two groups
    samples = list(pool.samples)
    samples[5] = replace(samples[5], attributes={"distribution": "in"})  # g2 is both
    samples[6], samples[7] = (replace(sample, attributes={}) for sample in samples[6:8])
    mixed = replace(pool, samples=tuple(samples))
    lines = " ".join(InOutDistribution().advise(mixed))
    assert "2 groups cannot be matched, for they have no length or initial loss" in lines
    assert "2 groups are in no stratum by distribution" in lines
    inside = {i for units in InOutDistribution().matched(mixed).units.values() for unit in units for i in unit}
    assert not inside & {0, 1, 2, 3, 4, 5, 6, 7}


def test_a_score_can_say_what_is_in_and_out():
    rng = np.random.default_rng(2)
    far = rng.permutation(30).astype(float)
    far[7] = np.nan
    pool = make_pool(["in"] * 30, [9] * 30, [0.1] * 30, scores={"reference-loss": PoolScore(far, "harder", 0.9)})
    sampler = InOutDistribution(by={"name": "reference-loss", "references": ["x"]}, tail=0.25, match="none")
    assert sampler.needs() == (PluginSpec("reference-loss", {"references": ["x"]}),)
    units = sampler.matched(pool).units
    low, high = ([far[unit[0]] for unit in units[stratum]] for stratum in STRATA)
    order = np.sort(far[np.isfinite(far)])
    assert sorted(low) == order[:7].tolist()
    assert sorted(high) == order[-7:].tolist()
    halves = InOutDistribution(by="reference-loss", tail=0.5, match="none").matched(pool).units
    assert not {u[0] for u in halves[STRATA[0]]} & {u[0] for u in halves[STRATA[1]]}
    noise = replace(pool, scores={"reference-loss": PoolScore(far, "harder", 0.2)})
    with pytest.raises(FairforgetError, match=r"sets chosen by noise would be random sets"):
        sampler.draw(noise, STRATA[0], 3, rng)
    assert any("0.20" in line and line.startswith("warning:") for line in sampler.advise(noise))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "loss"}, "parted by the loss cannot be matched on it; match: length can"),
        ({"by": "fairforget/loss"}, "parted by the loss"),
        ({"by": "reference-loss", "kinds": ("canary",)}, "by takes its place; remove one"),
        ({"kinds": ("canary", "in")}, "'in' stands twice"),
        ({"kinds": ("canary", "canary")}, "'canary' stands twice"),
        ({"by": {"references": []}}, "by names nothing"),
    ],
)
def test_options_that_contradict_each_other(options, message):
    with pytest.raises(FairforgetError, match=message):
        InOutDistribution(**options).needs()


def test_what_cannot_be_drawn_says_the_mend():
    rng = np.random.default_rng(0)
    apart = make_pool(["in", "canary"] * 5, [10, 50] * 5, [0.1] * 10)
    with pytest.raises(
        FairforgetError, match=r"only 0 of 5 groups in stratum 'in-distribution' .* try another caliper"
    ):
        InOutDistribution().draw(apart, "in-distribution", 2, rng)
    with pytest.raises(FairforgetError, match="Did you mean 'in-distribution'"):
        InOutDistribution().draw(apart, "in-distributio", 2, rng)
    named = replace(apart, samples=tuple(replace(s, attributes={"topic": "x"}) for s in apart.samples))
    with pytest.raises(FairforgetError, match=r"no sample has the attribute 'distribution'; this task has topic"):
        InOutDistribution().draw(named, "in-distribution", 2, rng)
    assert InOutDistribution().advise(named)[0].startswith("warning: sampler in-out-distribution: no sample has")
    with pytest.raises(FairforgetError, match="wants scores by loss"):
        InOutDistribution().draw(replace(apart, scores={}), "in-distribution", 2, rng)
    with pytest.raises(FairforgetError, match=r"stratum 'in-distribution' has 5 samples in 5 groups"):
        InOutDistribution(match="none").draw(apart, "in-distribution", 6, rng)
