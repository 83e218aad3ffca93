from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fairforget_samplers.difficulty.kl import MrdKl
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo


def score(difficulty, model, samples, seed=3):
    return difficulty.score(model, samples, np.random.default_rng(seed))


def seeds_of(seed: int, draws: int) -> list[int]:
    return [int(s) for s in np.random.default_rng(seed).integers(2**63, size=draws)]


@pytest.mark.parametrize("scope", ["answer", "full"])
def test_same_delta_same_value_as_brute_force(model, samples, brute, scope):
    few, double = samples[0:30:6], model.double()
    found = score(MrdKl(draws=4, scope=scope, batch_tokens=32), double, few)
    start = 1 if scope == "full" else None
    kl = brute.divergences(double, few, seeds_of(3, 4), 1e-3, start=start)[:, 0]
    np.testing.assert_allclose(found.values, kl.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.stderr, kl.std(0, ddof=1) / 2, rtol=1e-5)
    assert found.details["forwards"] == 5


def test_float32_keeps_the_digits_that_a_difference_of_likelihoods_loses(model, samples, brute):
    few = samples[0:30:6]
    for sigma in (1e-5, 1e-3):
        found = score(MrdKl(draws=2, sigma=sigma), model, few)
        kl = brute.divergences(model, few, seeds_of(3, 2), sigma)[:, 0]
        np.testing.assert_allclose(found.values, kl.mean(0), rtol=1e-2 if sigma < 1e-4 else 1e-4)


def test_some_layers_as_brute_force(model, samples, brute):
    few, double = samples[0:30:6], model.double()
    found = score(MrdKl(draws=2, layers=("model.embed_tokens.*",)), double, few)
    kl = brute.divergences(double, few, seeds_of(3, 2), 1e-3, names=["model.embed_tokens.weight"])[:, 0]
    np.testing.assert_allclose(found.values, kl.mean(0), rtol=1e-5)


@pytest.mark.slow
def test_it_is_the_trace_of_the_fisher_matrix(model, samples, brute):
    """sigma² / 2n sum_t Tr F_t, with the trace by a gradient for every word of the vocabulary."""
    sigma, few = 1e-4, samples.take([2, 9])
    expected = []
    for s in few:
        alone = copy.deepcopy(model).double().requires_grad_(requires_grad=True)
        logp = brute.distributions(alone, s)
        trace = 0.0
        for t in range(s.length):
            for word in range(logp.shape[-1]):
                p = float(logp[t, word].detach().exp())
                if p > 1e-9:
                    found = torch.autograd.grad(logp[t, word], list(alone.parameters()), retain_graph=True)
                    trace += p * sum(float(g.square().sum()) for g in found)
        expected.append(sigma**2 / 2 * trace / s.length)
    found = score(MrdKl(draws=300, sigma=sigma), model, few)
    assert (np.abs(found.values - expected) < 4 * found.stderr).all()
    assert (found.stderr < 0.1 * found.values).all()


def test_it_is_proportional_to_sigma_squared_over_three_decades(model, samples):
    values = [score(MrdKl(draws=8, sigma=s), model, samples).values for s in (1e-6, 1e-5, 1e-4, 1e-3)]
    for a, b in pairwise(values):
        assert np.median(b / a) == pytest.approx(100, rel=0.05)


def test_portions_change_the_memory_and_not_the_score(trained, samples, monkeypatch):
    whole = score(MrdKl(draws=10), trained, samples)
    monkeypatch.setattr("fairforget.lm.divergence.KEPT", 0)
    parts = score(MrdKl(draws=10), trained, samples)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-3)
    assert parts.details["forwards"] == whole.details["forwards"] == 11
    for count in ("tokens", "near_zero_share"):
        assert parts.details[count] == pytest.approx(whole.details[count])


def test_few_draws_are_enough(trained, samples):
    a, b = (score(MrdKl(), trained, samples, seed) for seed in (0, 1))
    assert a.reliability > 0.9
    assert spearmanr(a.values, b.values).statistic > 0.9
    z = (a.values - b.values) / np.hypot(a.stderr, b.stderr)
    assert 0.4 < np.sqrt(np.mean(z**2)) < 1.8


def test_order_and_seed(trained, samples):
    order = np.random.default_rng(9).permutation(len(samples)).tolist()
    straight = score(MrdKl(draws=5), trained, samples)
    np.testing.assert_array_equal(score(MrdKl(draws=5), trained, samples).values, straight.values)
    np.testing.assert_array_equal(score(MrdKl(draws=5), trained, samples.take(order)).values, straight.values[order])


def test_broken_weights_and_empty_completions_are_excluded(model, samples, encoded):
    holes = samples.take([0, 1]).like([samples[0], encoded("empty", [5, 6], []), samples[1]])
    found = score(MrdKl(draws=2), model, holes)
    assert np.isnan(found.values).tolist() == [False, True, False]
    with torch.no_grad():
        model.model.norm.weight[0] = torch.nan
    found = score(MrdKl(draws=2), model, holes)
    assert np.isnan(found.values).all()
    assert len(found.details["excluded"]) == 3


def test_a_vocabulary_with_forbidden_tokens_is_told_for_what_it_is(model, samples):
    """Their logits are minus infinity: every likelihood is finite, and no divergence is."""
    forbidden = 2
    handle = model.lm_head.register_forward_hook(
        lambda *args: args[-1].index_fill(-1, torch.tensor([forbidden]), -torch.inf)
    )
    few = samples.take([i for i, s in enumerate(samples) if forbidden not in s.input_ids][:5])
    assert np.isfinite(score(MrdMonteCarlo(draws=2), model, few).values).all()
    found = score(MrdKl(draws=2), model, few)
    handle.remove()
    assert set(found.details["excluded"].values()) == {"a logit of the model is not finite"}
    assert len(found.details["excluded"]) == len(few)
