from __future__ import annotations

import copy
import signal
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.initial import MrdInitial
from fairforget_samplers.difficulty.kl import MrdKl
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo
from fairforget_samplers.difficulty.mrd import Mrd
from fairforget_samplers.difficulty.mrd_grad import MrdGrad


def seeds_of(rng: np.random.Generator, max_forwards: int) -> list[int]:
    return [int(s) for s in rng.integers(2**63, size=(max_forwards - 1) // 2)]


@pytest.fixture
def certain(model):
    """The same model with logits three times as large: many tokens have a probability that rounds to 1."""
    with torch.no_grad():
        model.model.norm.weight.mul_(3)
    return model


@pytest.mark.parametrize("normalise", ["mean", "sum"])
@pytest.mark.parametrize("scope", ["answer", "full"])
def test_same_delta_same_value_as_brute_force(model, samples, brute, normalise, scope):
    few = samples.take(range(0, 30, 5))
    scores = Mrd(max_forwards=7, normalise=normalise, scope=scope).score(model, few, np.random.default_rng(3))
    seeds = seeds_of(np.random.default_rng(3), 7)
    start = 1 if scope == "full" else None
    s = brute.relative_changes(model, few, seeds, 1e-3, mean=normalise == "mean", start=start)
    pairs = s.mean(1)
    assert scores.details["pairs"] == len(seeds) == 3
    np.testing.assert_allclose(scores.values, np.abs(pairs.mean(0)), rtol=3e-3)
    np.testing.assert_allclose(scores.stderr, pairs.std(0, ddof=1) / np.sqrt(3), rtol=1e-2)


def test_same_delta_in_float64_agrees_to_rounding(model, samples, brute):
    few, double = samples.take(range(0, 30, 5)), copy.deepcopy(model).double()
    scores = Mrd(max_forwards=7).score(double, few, np.random.default_rng(3))
    s = brute.relative_changes(double, few, seeds_of(np.random.default_rng(3), 7), 1e-3)
    np.testing.assert_allclose(scores.values, np.abs(s.mean((0, 1))), rtol=1e-9)


def test_certain_tokens_are_counted_and_finite_and_right(certain, samples, brute):
    few = samples.take(range(0, 30, 5))
    scores = Mrd(max_forwards=7).score(certain, few, np.random.default_rng(3))
    plain = brute.token_loglikelihoods(certain, few[0])
    s = brute.relative_changes(certain, few, seeds_of(np.random.default_rng(3), 7), 1e-3)
    assert (plain == 0).any()  # what float32 log_softmax makes of them
    assert scores.details["near_zero_share"] > 0.3
    np.testing.assert_allclose(scores.values, np.abs(s.mean((0, 1))), rtol=3e-3)


@pytest.mark.slow
def test_against_monte_carlo_with_other_draws(trained, samples, independent_draws):
    """Definition `out` by K = 600 pairs of a batched float64 Monte Carlo, and `in` by the same draws."""
    sigma, s = independent_draws
    out, inside = np.abs(s.mean((0, 1))), np.abs(s).mean((0, 1))
    many = Mrd(sigma=sigma, reliability=0.999, max_forwards=1001).score(trained, samples, np.random.default_rng(5))
    assert spearmanr(many.values, out).statistic >= 0.98
    assert np.median(many.values / out) == pytest.approx(1, abs=0.05)
    closed = MrdGrad(sigma=sigma).score(trained, samples, np.random.default_rng(5))
    assert spearmanr(closed.values, inside).statistic >= 0.98
    assert np.median(closed.values / inside) == pytest.approx(1, abs=0.02)


def test_stops_at_the_reliability_and_means_it(trained, samples):
    scores = Mrd().score(trained, samples, np.random.default_rng(0))
    other = Mrd().score(trained, samples, np.random.default_rng(1))
    assert scores.reliability >= 0.9
    assert scores.details["forwards"] == 1 + 2 * scores.details["pairs"] < 200
    assert spearmanr(scores.values, other.values).statistic > 0.8


def test_the_cap_is_kept_and_said(trained, samples):
    scores = Mrd(reliability=0.999, max_forwards=30).score(trained, samples, np.random.default_rng(0))
    assert scores.details["forwards"] == 29
    assert any("reliability" in w and "max_forwards" in w for w in scores.details["warnings"])


def test_standard_error_covers_the_difference_between_two_runs(trained, samples):
    a, b = (Mrd(reliability=0.999, max_forwards=81).score(trained, samples, np.random.default_rng(i)) for i in (1, 2))
    z = (a.values - b.values) / np.hypot(a.stderr, b.stderr)
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.6


def test_value_grows_as_sigma_squared_and_gradient_form_as_sigma(model, samples):
    small, large = (
        Mrd(sigma=s, max_forwards=21).score(model, samples, np.random.default_rng(0)).values for s in (3e-4, 3e-3)
    )
    assert np.median(large / small) == pytest.approx(100, rel=0.03)
    a, b = (MrdGrad(sigma=s).score(model, samples, np.random.default_rng(0)).values for s in (1e-5, 1e-4))
    np.testing.assert_allclose(b / a, 10, rtol=1e-9)


def test_forward_passes_are_what_the_details_say(model, samples):
    sequences = []
    handle = model.register_forward_pre_hook(
        lambda _, args, kwargs: sequences.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    scores = Mrd(batch_tokens=64).score(model, samples, np.random.default_rng(0))
    handle.remove()
    assert sum(sequences) == scores.details["forwards"] * len(samples)
    assert max(sequences) < len(samples)


def test_order_of_the_samples_does_not_matter(trained, samples):
    order = np.random.default_rng(9).permutation(len(samples))
    straight = Mrd(max_forwards=21).score(trained, samples, np.random.default_rng(4))
    permuted = Mrd(max_forwards=21).score(trained, samples.take(order.tolist()), np.random.default_rng(4))
    np.testing.assert_allclose(permuted.values, straight.values[order], rtol=5e-3)


def test_duplicates_have_equal_scores(trained, samples):
    twice = samples.take([3, 7, 3, 11, 3])
    values = Mrd(max_forwards=21).score(trained, twice, np.random.default_rng(4)).values
    np.testing.assert_allclose(values[[2, 4]], values[0], rtol=1e-3)
    same = Mrd(max_forwards=21).score(trained, samples.take([3] * 12), np.random.default_rng(4))
    assert np.isfinite(same.values).all()


def test_empty_completions_are_excluded_and_counted(trained, samples, encoded):
    holes = SampleSet([samples[0], encoded("empty", [5, 6], []), samples[1]], pad_id=0)
    for difficulty in (Mrd(max_forwards=7), MrdGrad()):
        scores = difficulty.score(trained, holes, np.random.default_rng(4))
        assert np.isnan(scores.values).tolist() == [False, True, False]
        assert scores.details["excluded"] == {"empty": "no scored tokens"}
    nothing = Mrd().score(trained, SampleSet([holes[1]], pad_id=0), np.random.default_rng(4))
    assert np.isnan(nothing.values).all()
    assert nothing.details["forwards"] == 0
    assert Mrd().score(trained, SampleSet([], pad_id=0), np.random.default_rng(4)).values.shape == (0,)


def test_too_small_a_sigma_is_refused_and_a_small_one_warned_of(model, samples):
    with pytest.raises(FairforgetError, match=r"sigma 1e-05 is lost in the rounding.*at least 0\.000"):
        Mrd(sigma=1e-5).score(model, samples, np.random.default_rng(0))
    scores = Mrd(sigma=1e-4, max_forwards=7).score(model, samples, np.random.default_rng(0))
    assert any("root mean square" in w for w in scores.details["warnings"])


def test_too_large_a_sigma_is_counted_and_warned_of(model, samples):
    scores = Mrd(sigma=1e38, max_forwards=21).score(model, samples, np.random.default_rng(0))
    assert scores.details["non_finite_draws"] > 0
    assert any("too large" in w for w in scores.details["warnings"])


def test_broken_weights_give_no_score(model, samples):
    with torch.no_grad():
        model.model.embed_tokens.weight[samples[0].input_ids[0]] = torch.nan
    scores = Mrd(max_forwards=7).score(model, samples.take([0, 1]), np.random.default_rng(0))
    assert np.isnan(scores.values[0])
    assert "not finite" in scores.details["excluded"][samples[0].sample.id]


def test_half_precision_is_refused(model, samples):
    for difficulty in (Mrd(), MrdGrad()):
        with pytest.raises(FairforgetError, match="dtype: float32"):
            difficulty.score(copy.deepcopy(model).bfloat16(), samples, np.random.default_rng(0))


@pytest.mark.parametrize("how", [None, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize(
    "difficulty",
    [
        Mrd(max_forwards=21, batch_tokens=64),
        MrdGrad(batch_tokens=64),
        MrdMonteCarlo(absolute="inside", draws=10, batch_tokens=64),
        MrdInitial(batch_tokens=64),
        MrdKl(draws=4, batch_tokens=64),
    ],
)
def test_the_model_is_as_it_was(model, samples, difficulty, how):
    """Weights bitwise, modes, flags, gradients, hooks and the global random numbers."""
    model.train()
    model.model.layers[0].eval()
    model.lm_head.weight.requires_grad_(requires_grad=True)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    modes = [m.training for m in model.modules()]
    flags = [p.requires_grad for p in model.parameters()]
    hooks = [len(m._forward_hooks) for m in model.modules()]
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    calls = []

    def interfere(*_: object) -> None:
        calls.append(1)
        if len(calls) == 3 and how is RuntimeError:
            raise RuntimeError("injected")
        if len(calls) == 3 and how is KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)

    handle = model.model.layers[1].register_forward_hook(interfere)
    with pytest.raises(how) if how else nullcontext():
        difficulty.score(model, samples, np.random.default_rng(0))
    handle.remove()
    assert len(calls) >= 3
    for name, value in model.state_dict().items():
        assert torch.equal(value.view(torch.int32), before[name].view(torch.int32)), name
    assert [m.training for m in model.modules()] == modes
    assert [p.requires_grad for p in model.parameters()] == flags
    assert [len(m._forward_hooks) for m in model.modules()] == hooks
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
