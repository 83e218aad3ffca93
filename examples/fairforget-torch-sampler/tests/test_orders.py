"""Samplers of torch and transformers, and such as cannot be a curriculum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from fairforget_torch_sampler import SamplerCurriculum
from fairforget_torch_sampler.length_buckets import LengthBuckets
from fairforget_torch_sampler.samplers import BucketSampler
from torch.utils.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    WeightedRandomSampler,
)

from fairforget import FairforgetError
from fairforget.api import Sample
from fairforget.registry import Registry

SAMPLES = [Sample(f"s{i}", "who", "x" * (7 * i % 31 + 1)) for i in range(24)]


def curriculum(make):
    @dataclass(frozen=True)
    class Made(SamplerCurriculum):
        def sampler(self, samples, scores, generator):
            return make(samples, scores, generator)

    return Made()


def rng(seed=3):
    return np.random.default_rng(seed)


class Endless(Sampler):
    def __iter__(self):
        while True:
            yield 0


class Yields(Sampler):
    def __init__(self, given):
        self.given = given

    def __iter__(self):
        return iter(self.given)


@pytest.mark.parametrize("batch_size", [4, 5, 24, 100])
def test_the_order_is_the_samplers_own(batch_size):
    found = LengthBuckets(batch_size).order(SAMPLES, None, rng())
    generator = torch.Generator().manual_seed(int(rng().integers(2**63)))
    lengths = [3 + len(s.completion) for s in SAMPLES]
    assert found == list(BucketSampler(lengths, batch_size, generator))
    assert sorted(found) == list(range(24))
    for start in range(0, 24, batch_size):
        inside = [lengths[i] for i in found[start : start + batch_size]]
        # No length of another batch lies strictly between two of this one.
        others = [lengths[i] for i in range(24) if i not in found[start : start + batch_size]]
        assert not any(min(inside) < length < max(inside) for length in others)


@pytest.mark.parametrize(
    "make",
    [
        lambda samples, _, generator: RandomSampler(samples, generator=generator),
        lambda samples, _, generator: RandomSampler(samples),  # draws from the global generator
        lambda samples, _, generator: SequentialSampler(samples),
        lambda samples, _, generator: WeightedRandomSampler(np.arange(24.0), 24, generator=generator),
    ],
)
def test_orders_are_reproducible_and_leave_the_global_generator_alone(make):
    before = torch.get_rng_state()
    one, again, other = (curriculum(make).order(SAMPLES, None, rng(seed)) for seed in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    assert one == again
    assert len(one) == 24
    assert all(type(i) is int for i in one)
    assert (one == other) == (one == list(range(24)))


@pytest.mark.parametrize("given", [range(24), np.arange(24), torch.arange(24), torch.arange(24).reshape(24, 1)])
def test_positions_may_be_numbers_of_any_kind(given):
    found = curriculum(lambda *_: Yields(given)).order(SAMPLES, None, rng())
    assert found == list(range(24))
    assert all(type(i) is int for i in found)


def test_the_global_generator_is_left_alone_where_a_sampler_fails(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)  # where forking all generators would warn
    before = torch.get_rng_state()
    with pytest.raises(FairforgetError):
        curriculum(lambda samples, *_: RandomSampler(samples, replacement=True, num_samples=3)).order(
            SAMPLES, None, rng()
        )
    assert torch.equal(before, torch.get_rng_state())


def test_scores_reach_the_sampler():
    scores = np.zeros(24)
    scores[5] = 1.0
    weighted = curriculum(lambda samples, scores, generator: WeightedRandomSampler(scores, 24, generator=generator))
    assert weighted.order(SAMPLES, scores, rng()) == [5] * 24


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda samples, *_: BatchSampler(SequentialSampler(samples), 4, False), "BatchSampler yields lists"),
        (lambda *_: Endless(), "Endless yields more positions in an epoch of 24 samples"),
        (lambda *_: Yields([*range(23), [23]]), "Yields yields lists"),
        (lambda *_: Yields([True] * 24), "Yields yields bools"),
        (lambda *_: Yields(np.arange(24.0)), "Yields yields float64s"),
        (lambda *_: Yields(torch.zeros(24, 2)), "Yields yields Tensors"),
        (lambda *_: None, "sampler of Made returned None, which is no Sampler"),
        (lambda *_: RandomSampler, "sampler of Made returned <class .*RandomSampler'>, which is no Sampler"),
        (
            lambda given, *_: DistributedSampler(given, num_replicas=2, rank=0),
            "DistributedSampler yields 12 positions",
        ),
        (lambda *_: SequentialSampler(range(5)), "SequentialSampler yields 5 positions in an epoch of 24"),
    ],
)
def test_what_is_no_order_is_refused(make, said):
    with pytest.raises(FairforgetError, match=said):
        curriculum(make).order(SAMPLES, None, rng())


def test_it_is_installed():
    found = Registry.discover().find("curriculum", "length-buckets")
    assert found.dist == "fairforget-torch-sampler"
