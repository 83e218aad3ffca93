"""mrd-hessian as a score."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.hessian import MrdHessian
from fairforget_samplers.difficulty.mrd import Mrd

BOTH = pytest.mark.parametrize("estimator", ["hutchinson", "fisher"])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.slow
def test_monte_carlo_tends_to_it(trained, samples, independent_draws):
    """Theorem 3.2, by 600 antithetic pairs of the tests' own float64 Monte Carlo, and by mrd."""
    sigma, s = independent_draws
    out = np.abs(s.mean((0, 1)))
    trace = MrdHessian(sigma=sigma, reliability=0.999, probes=200).score(trained, samples, rng())
    assert spearmanr(trace.values, out).statistic >= 0.97
    assert np.median(trace.values / out) == pytest.approx(1, abs=0.05)
    drawn = Mrd(sigma=1e-3, reliability=0.999, max_forwards=401).score(trained, samples, rng(1))
    scaled = trace.values * (1e-3 / sigma) ** 2
    assert spearmanr(scaled, drawn.values).statistic >= 0.97
    assert np.median(scaled / drawn.values) == pytest.approx(1, abs=0.05)
    assert trace.details["negative_share"] > 0.9  # a likelihood that was trained for gives way in most directions


@pytest.mark.slow
def test_the_fisher_term_is_part_of_the_trace(trained, samples):
    whole = MrdHessian(reliability=0.999, probes=60).score(trained, samples, rng())
    part = MrdHessian(estimator="fisher", reliability=0.999, probes=30).score(trained, samples, rng())
    assert spearmanr(whole.values, part.values).statistic > 0.6
    assert not np.allclose(whole.values, part.values, rtol=0.1)
    assert part.details["negative_share"] == 1.0


@BOTH
def test_same_generator_same_bits(trained, samples, estimator):
    a, b = (MrdHessian(estimator=estimator, probes=9).score(trained, samples, rng(4)) for _ in range(2))
    assert np.array_equal(a.values, b.values)
    assert np.array_equal(a.stderr, b.stderr)
    assert a.reliability == b.reliability
    assert not np.array_equal(
        a.values, MrdHessian(estimator=estimator, probes=9).score(trained, samples, rng(5)).values
    )


@BOTH
def test_batches_change_the_last_bits_only(trained, samples, estimator):
    one, other = (
        MrdHessian(estimator=estimator, probes=3, batch_tokens=t).score(trained, samples, rng(4)) for t in (64, 4096)
    )
    np.testing.assert_allclose(one.values, other.values, rtol=1e-3)


@BOTH
def test_sigma_and_normalisation_are_factors(trained, samples, estimator):
    base, wider, summed = (
        MrdHessian(estimator=estimator, probes=3, **options).score(trained, samples, rng(4)).values
        for options in ({}, {"sigma": 0.5}, {"normalise": "sum"})
    )
    np.testing.assert_allclose(wider / base, 0.25e6, rtol=1e-9)
    np.testing.assert_allclose(summed / base, [s.length for s in samples], rtol=1e-4)


@BOTH
def test_full_scope_scores_the_prompt_too(trained, samples, estimator):
    answer, full = (
        MrdHessian(estimator=estimator, probes=2, scope=s).score(trained, samples, rng(4)) for s in ("answer", "full")
    )
    assert full.details["tokens"] == sum(s.end - 1 for s in samples) > answer.details["tokens"]
    assert not np.isclose(full.values, answer.values, rtol=0.01).all()


@BOTH
def test_ends_at_the_reliability_or_says_so(trained, samples, estimator):
    enough = MrdHessian(estimator=estimator, reliability=0.8).score(trained, samples, rng())
    assert enough.reliability >= 0.8
    assert enough.details["probes"] < 100
    assert enough.details["warnings"] == []
    few = MrdHessian(estimator=estimator, reliability=0.9999, probes=5).score(trained, samples, rng())
    assert few.details["probes"] == 5
    assert any("after 5 probes" in w and "raise probes" in w for w in few.details["warnings"])


@pytest.mark.slow
@BOTH
def test_standard_error_covers_the_difference_between_two_runs(trained, samples, estimator):
    a, b = (
        MrdHessian(estimator=estimator, reliability=0.999, probes=40).score(trained, samples, rng(i)) for i in (1, 2)
    )
    z = (a.values - b.values) / np.hypot(a.stderr, b.stderr)
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.6


@BOTH
def test_few_samples_and_none(trained, samples, encoded, estimator):
    score = MrdHessian(estimator=estimator, probes=3)
    single = score.score(trained, samples.take([4]), rng())
    assert np.isfinite(single.values).all()
    assert single.reliability is None
    assert single.details["probes"] == 3
    holes = SampleSet([samples[0], encoded("empty", [5, 6], []), samples[1]], pad_id=0)
    found = score.score(trained, holes, rng())
    assert np.isnan(found.values).tolist() == [False, True, False]
    assert found.details["excluded"] == {"empty": "no scored tokens"}
    nothing = score.score(trained, SampleSet([holes[1]], pad_id=0), rng())
    assert np.isnan(nothing.values).all()
    assert nothing.details["forwards"] == 0
    assert score.score(trained, SampleSet([], pad_id=0), rng()).values.shape == (0,)


@BOTH
def test_weights_that_are_not_numbers(model, samples, estimator):
    model.model.layers[0].mlp.up_proj.weight[0, 0] = torch.nan
    found = MrdHessian(estimator=estimator, probes=3).score(model, samples.take([0, 1]), rng())
    assert np.isnan(found.values).all()
    assert set(found.details["excluded"].values()) == {"the model's own log-likelihood is not finite"}
    assert found.details["probes"] == 0


@BOTH
def test_one_broken_sample_does_not_spoil_the_others(model, samples, encoded, estimator):
    model = copy.deepcopy(model)
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone())
    model.model.embed_tokens.weight = torch.nn.Parameter(model.model.embed_tokens.weight.clone())
    model.requires_grad_(requires_grad=False).model.embed_tokens.weight[96] = torch.inf
    clean = [s for s in samples if 96 not in s.input_ids][:4]
    broken = SampleSet([*clean, encoded("broken", [96], [5, 6])], pad_id=0)
    found = MrdHessian(estimator=estimator, probes=3).score(model, broken, rng())
    assert np.isfinite(found.values).tolist() == [True] * 4 + [False]
    assert found.details["excluded"] == {"broken": "the model's own log-likelihood is not finite"}
    assert found.details["non_finite_draws"] == 0


@BOTH
def test_nearly_certain_tokens_are_scored_and_counted(model, samples, estimator):
    """Logits ten times as large: what float32 makes of most tokens is a probability of 1."""
    model.model.norm.weight.mul_(10)
    few = samples.take(range(8))
    found, exact = (
        MrdHessian(estimator=estimator, probes=3).score(m, few, rng()) for m in (model, copy.deepcopy(model).double())
    )
    assert found.details["near_zero_share"] > 0.5
    assert np.isfinite(found.values).all()
    np.testing.assert_allclose(found.values, exact.values, rtol=2e-2)


@BOTH
def test_half_precision_is_refused(model, samples, estimator):
    with pytest.raises(FairforgetError, match="needs weights in float32"):
        MrdHessian(estimator=estimator).score(model.bfloat16(), samples, rng())


@BOTH
def test_the_model_comes_back_as_it_was(trained, samples, estimator):
    model = copy.deepcopy(trained).train()
    model.lm_head.weight.requires_grad = True
    model.lm_head.weight.grad = torch.ones_like(model.lm_head.weight)
    before = {n: p.clone() for n, p in model.state_dict().items()}
    calls = 0

    def interrupt(*_) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt

    MrdHessian(estimator=estimator, probes=2).score(model, samples, rng())
    handle = model.model.layers[1].register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        MrdHessian(estimator=estimator, probes=9, batch_tokens=128).score(model, samples, rng())
    handle.remove()
    assert calls == 6
    assert all(torch.equal(p, before[n]) for n, p in model.state_dict().items())
    assert all(m.training for m in model.modules())
    assert model.lm_head.weight.requires_grad
    assert torch.equal(model.lm_head.weight.grad, torch.ones_like(model.lm_head.weight))
    assert [n for n, p in model.named_parameters() if p.requires_grad] == ["model.embed_tokens.weight"]


@settings(derandomize=True, deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_samples_are_scored_or_excluded(trained, encoded, data):
    made = [
        encoded(
            data.draw(st.sampled_from(["a", "b", "c", "d"])) + str(i),
            data.draw(st.lists(st.integers(2, 96), min_size=1, max_size=4)),
            data.draw(st.lists(st.integers(2, 96), max_size=60)),
        )
        for i in range(data.draw(st.integers(0, 4)))
    ]
    estimator = data.draw(st.sampled_from(["hutchinson", "fisher"]))
    found = MrdHessian(estimator=estimator, probes=2).score(trained, SampleSet([*made, *made], pad_id=0), rng(1))
    assert np.isfinite(found.values).tolist() == [s.length > 0 for s in [*made, *made]]
    np.testing.assert_allclose(found.values[: len(made)], found.values[len(made) :], rtol=2e-3)
    assert set(found.details["excluded"]) == {s.sample.id for s in made if not s.length}
