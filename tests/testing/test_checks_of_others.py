"""What the checks of samplers, difficulties and metrics are made of."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.testing import ChecksFailed, check
from fairforget.testing.checks.model_state import (
    Interrupted,
    changed,
    interrupted_at,
    modes_of,
    passes_through,
    weights_of,
)
from fairforget.testing.checks.scoring import differ, other_global_state, smallest_subset, tolerance
from fairforget.testing.pools import make_pool, pool_cases
from fairforget_samplers.difficulty.loss import Loss
from fairforget_samplers.random import Random


@settings(derandomize=True, deadline=None)
@given(least=st.integers(1, 8), count=st.integers(1, 8))
def test_the_smallest_subset_that_shows_a_fault_is_told(least, count):
    def wrong(rows):
        if len(rows) == 1 < min(least, count):
            raise ZeroDivisionError("another fault")
        return f"{len(rows)} are too many" if len(rows) >= least else None

    found = smallest_subset(count, wrong)
    assert (found is None) == (least > count)
    if found is not None:
        assert f"the first {least} samples" in found


def test_differences_beyond_rounding_are_found_and_nan_is_equal_to_itself():
    one = np.array([1.0, np.nan, np.inf, 2.0, 3.0])
    other = np.array([1.0, np.nan, np.inf, 2.1, np.nan])
    assert differ(one, other, 0.0) == [3, 4]
    assert differ(one, other, 0.2) == [4]
    assert tolerance(one) == pytest.approx(1e-3 * 2 + 1e-5 * 3)
    assert tolerance(np.array([np.nan])) == 0


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.BatchNorm1d(3)).eval()
    made.get_input_embeddings = lambda: made[0]
    made.config = None
    return made


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("0.weight", lambda m: m[0].weight.data.view(torch.int32)[4, 2].bitwise_xor_(1)),
        ("1.running_mean", lambda m: m[1].running_mean.add_(1)),
        ("0.weight", lambda m: setattr(m[0], "weight", torch.nn.Parameter(m[0].weight.data.bfloat16()))),
    ],
)
def test_one_bit_of_a_weight_is_seen(what, change):
    model = net()
    before = weights_of(model)
    assert weights_of(copy.deepcopy(model)) == before
    assert changed(modes_of(model), modes_of(copy.deepcopy(model))) == []
    change(model)
    assert changed(before, weights_of(model)) == [what]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("train or eval mode", lambda m: m[1].train()),
        ("requires_grad", lambda m: m[0].weight.requires_grad_(requires_grad=False)),
        ("gradients", lambda m: m(torch.tensor([1, 2])).sum().backward()),
        ("hooks", lambda m: m[0].register_forward_hook(lambda *_: None)),
        ("modules", lambda m: m.append(torch.nn.ReLU())),
    ],
)
def test_what_else_becomes_of_a_model_is_seen(what, change):
    model = net()
    before = modes_of(model)
    change(model)
    assert what in changed(before, modes_of(model))


def test_passes_are_counted_and_interrupted():
    model, made = net(), []

    def run():
        made.extend(model(torch.tensor([1, 2])) for _ in range(3))

    assert passes_through(model, run) == 3
    with interrupted_at(model, 2), pytest.raises(Interrupted, match="forward pass 2"):
        run()
    assert len(made) == 4
    assert passes_through(model, run) == 3


def test_pools_come_smallest_first_with_what_samplers_choose_by():
    cases = pool_cases({"loss": "easier", "length": "harder"})
    counts = [len(case.pool.samples) for case in cases[:-1]]
    assert counts == sorted(counts)
    for case in cases:
        pool = case.pool
        assert {name: score.higher_is for name, score in pool.scores.items()} == {"loss": "easier", "length": "harder"}
        assert all(len(np.unique(score.values)) == len(pool.samples) for score in pool.scores.values())
        for unit in pool.units():
            assert len({pool.samples[i].attributes["distribution"] for i in unit}) == 1
        assert f"{len(pool.samples)} samples" in str(case)
    assert {case.pool.whole_groups for case in cases} == {True, False}


def test_unscored_samples_have_no_score():
    pool = make_pool([2] * 4, {"loss": "easier"}, whole=True, unscored=[0, 5])
    assert np.flatnonzero(np.isnan(pool.scores["loss"].values)).tolist() == [0, 5]


def test_global_generators_are_put_back():
    np.random.seed(1)  # noqa: NPY002
    first = np.random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    with other_global_state():
        assert np.random.random() != first  # noqa: NPY002
    assert np.random.random() == first  # noqa: NPY002


class CountsPlaces(Loss):
    def score(self, model, samples, rng):
        return super().score(model, samples, rng).values + np.arange(len(samples))


class Siblings(Random):
    def draw(self, pool, stratum, size, rng):
        return super().draw(pool, stratum, size, rng)[:-1] or ["s00-0"]


class Refuses(Loss):
    def score(self, model, samples, rng):
        raise FairforgetError("there is no dictionary")


class RaisesKeys(Random):
    def draw(self, pool, stratum, size, rng):
        return {}[stratum]


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


def test_a_failure_tells_its_smallest_case(registry):
    only = ["permutation-equivariant"]
    found = check(CountsPlaces, on_fail="report", only=only, registry=registry).results[0]
    assert "with the first 2 samples of the tiny task" in found.message
    found = check(Siblings, on_fail="report", only=["no-leak-into-retain"], registry=registry).results[0]
    assert "a pool of 2 samples in 1 groups (one unit), forget size 2" in found.message
    assert "numpy.random.default_rng(0)" in found.message


def test_who_refuses_the_tiny_task_is_not_judged(registry):
    only = ["shape", "permutation-equivariant", "second-architecture", "leaves-weights-alone", "prints-nothing"]
    report = check(Refuses, on_fail="report", only=only, registry=registry)
    assert {result.status for result in report.results} == {"not applicable"}
    assert all("there is no dictionary" in result.message for result in report.results)


def test_who_refuses_the_tiny_task_has_not_passed(registry):
    with pytest.raises(ChecksFailed, match=r"was not tested: shape\n.*there is no dictionary"):
        check(Refuses, registry=registry, only=["loads", "shape"])
    known = check(Refuses, registry=registry, only=["loads", "shape"], expected_failures={"shape": "it wants a book"})
    assert known.passed
    assert "Passed: 1 ran, 1 not applicable" in known.to_markdown()
    assert "there is no dictionary (expected: it wants a book)" in known.to_markdown()


def test_another_exception_is_no_refusal(registry):
    found = check(RaisesKeys, on_fail="report", only=["draws-what-it-says"], registry=registry).results[0]
    assert found.status == "failed"
    assert "KeyError: 'random'" in found.message
    assert "refuses with a FairforgetError" in found.message
