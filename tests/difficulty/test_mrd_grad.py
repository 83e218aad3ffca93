"""The closed form against what it is the limit of, and at its edges."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.lm.batching import best_batch_tokens
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.grad_norm import GradNorm
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

FACTOR = 1e-3 * math.sqrt(2 / math.pi)


def rng():
    return np.random.default_rng(0)


def mean_ratio(found):
    return (found / found.detach().abs()).mean()


def monte_carlo(model, samples, sigma, draws):
    """E|S| of Eq. 4 over independent draws on all weights, in float64, by code of its own."""
    model = copy.deepcopy(model).double()
    origin = {name: p.detach() for name, p in model.named_parameters()}
    width = max(len(s.input_ids) for s in samples)
    ids = torch.tensor([[*s.input_ids, *[0] * (width - len(s.input_ids))] for s in samples])
    scored = torch.tensor([[s.start <= t < s.end for t in range(1, width)] for s in samples])

    def loglikelihoods(weights):
        logits = torch.func.functional_call(model, weights, (ids,)).logits[:, :-1]
        return torch.log_softmax(logits, -1).gather(-1, ids[:, 1:, None]).squeeze(-1)

    generator = torch.Generator().manual_seed(5)
    total = torch.zeros(len(samples), dtype=torch.float64)
    with torch.no_grad():
        base = loglikelihoods(origin)
        for _ in range(draws):
            moved = {n: w + sigma * torch.randn(w.shape, generator=generator, dtype=w.dtype) for n, w in origin.items()}
            change = torch.where(scored, (base - loglikelihoods(moved)) / base, 0.0)
            total += (change.sum(-1) / scored.sum(-1)).abs()
    return (total / draws).numpy()


@pytest.mark.slow
def test_against_monte_carlo_inside_the_expectation(trained, samples):
    expected = monte_carlo(trained, samples, 1e-4, 2000)
    found = MrdGrad(sigma=1e-4).score(trained, samples, rng())
    assert found.values.max() > 3 * found.values.min()
    assert spearmanr(found.values, expected).statistic >= 0.99
    assert np.median(found.values / expected) == pytest.approx(1, abs=0.02)


def test_the_details_say_what_was_done(trained, samples):
    scores = MrdGrad().score(trained, samples, rng())
    assert scores.stderr is None
    assert scores.reliability is None
    assert scores.details == {
        "variant": "mrd.grad",
        "normalise": "mean",
        "sigma": 1e-3,
        "scope": "answer",
        "forwards": 1,
        "backwards": 1,
        "batched": True,
        "batch_tokens": best_batch_tokens(trained, samples, gradients=True),
        "dtype": "float32",
        "layers": "all",
        "weights": sum(p.numel() for p in trained.parameters()),
        "tokens": sum(s.length for s in samples),
        "near_zero_share": 0.0,
        "clamped_tokens": 0,
        "excluded": {},
        "warnings": [],
    }


@pytest.mark.slow
@settings(
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_samples_in_any_batches(trained, brute, encoded, data):
    """Lengths from 1 to 200, nothing to score, duplicates: the right number, or the reason why there is none."""
    text = st.integers(2, 96)
    made = []
    for i in range(data.draw(st.integers(1, 5))):
        completion = data.draw(st.integers(0, 8) | st.integers(150, 200))
        tokens = np.random.default_rng(data.draw(st.integers(0, 99))).integers(2, 97, size=completion).tolist()
        made.append(encoded(f"s{i}", data.draw(st.lists(text, min_size=1, max_size=6)), tokens))
    made += data.draw(st.lists(st.sampled_from(made), max_size=2))
    scope, normalise = data.draw(st.sampled_from(["answer", "full"])), data.draw(st.sampled_from(["mean", "sum"]))
    tokens = data.draw(st.sampled_from([None, 1, 64, 300]))
    difficulty = MrdGrad(scope=scope, normalise=normalise, batch_tokens=tokens)
    scores = difficulty.score(trained, SampleSet(made, pad_id=0), rng())
    for sample, value in zip(made, scores.values, strict=True):
        start = 1 if scope == "full" else sample.start
        if start == sample.end:
            assert np.isnan(value)
            assert scores.details["excluded"][sample.sample.id] == "no scored tokens"
            continue
        alone = copy.deepcopy(trained).double().requires_grad_(requires_grad=True)
        loss = mean_ratio(brute.token_loglikelihoods(alone, sample, start))
        gradients = torch.autograd.grad(loss, list(alone.parameters()))
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
        n = 1 if normalise == "mean" else sample.end - start
        assert value == pytest.approx(FACTOR * norm * n, rel=1e-5)


def test_weights_that_are_not_numbers_are_the_reason(model, samples):
    with torch.no_grad():
        model.model.embed_tokens.weight[samples[0].input_ids[0]] = torch.nan
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight) / 5)
    token = samples[0].input_ids[0]
    without = [i for i, s in enumerate(samples) if token not in s.input_ids]
    assert len(without) > 3
    scores = MrdGrad().score(model, samples, rng())
    for i, s in enumerate(samples):
        if token in s.input_ids[: s.end]:
            assert np.isnan(scores.values[i])
            assert "not finite" in scores.details["excluded"][s.sample.id]
    healthy = MrdGrad().score(model, samples.take(without), rng())
    assert scores.details["batched"]
    np.testing.assert_allclose(scores.values[without], healthy.values, rtol=1e-5)


def test_all_weights_that_are_not_numbers(model, samples):
    with torch.no_grad():
        model.model.norm.weight.fill_(torch.nan)
    scores = MrdGrad().score(model, samples, rng())
    assert np.isnan(scores.values).all()
    assert len(scores.details["excluded"]) == len(samples)


def test_half_precision_is_refused_with_the_reason(model, samples):
    for dtype in (torch.bfloat16, torch.float16):
        for difficulty in (MrdGrad(), GradNorm()):
            with pytest.raises(FairforgetError, match=r"needs weights in float32.*float16; in the study, write dtype"):
                difficulty.score(copy.deepcopy(model).to(dtype), samples, rng())


def test_memory_bounds_the_batches_and_changes_the_last_bits_only(trained, encoded):
    many = SampleSet([encoded(f"s{i}", [5, 6], [(7 * i + j) % 90 + 2 for j in range(30)]) for i in range(60)], pad_id=0)
    tokens = []
    handle = trained.register_forward_pre_hook(
        lambda _, args, kwargs: tokens.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    plain = MrdGrad().score(trained, many, rng())
    largest = max(tokens)
    tokens.clear()
    bounded = MrdGrad(memory=1).score(trained, many, rng())
    handle.remove()
    assert max(tokens) < largest
    assert bounded.details["batch_tokens"] < plain.details["batch_tokens"]
    np.testing.assert_allclose(bounded.values, plain.values, rtol=1e-5)
    again = MrdGrad().score(trained, many, rng())
    assert (again.values == plain.values).all()


def test_certain_tokens_are_counted(model, samples):
    with torch.no_grad():
        model.model.norm.weight.mul_(4)
    scores = MrdGrad().score(model, samples, rng())
    assert 0 < scores.details["near_zero_share"] < 1
    assert np.isfinite(scores.values).all()
