"""Traces of the Fisher information, against sums over every label."""

from __future__ import annotations

import copy
import itertools

import mpmath
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

from fairforget.lm.curvature.fisher import FisherProbe, signed_gradient
from fairforget.lm.gradients.gradnorm import gradient_norms
from fairforget.lm.tokens import SampleSet

SPECIAL = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1}
VOCABULARY = 4


def all_signs(tokens: int) -> torch.Tensor:
    """Every choice of signs, (choices, tokens, vocabulary)."""
    bits = list(itertools.product([0, 1], repeat=tokens * VOCABULARY))
    return torch.tensor(bits, dtype=torch.uint8).view(-1, tokens, VOCABULARY)


@pytest.mark.parametrize("lead", [-30.0, -1.0, 0.0, 5.0, 40.0, 650.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_second_moment_is_the_fisher_information_of_the_logits(lead, dtype):
    """Over all signs, (diag p - p p^T) / |log p(true)|, against many digits."""
    z = torch.randn(VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(dtype)
    z[2] += lead
    signs = all_signs(1)[:, 0]
    u = signed_gradient(z.expand(len(signs), -1), torch.full((len(signs),), 2), signs).double()
    mpmath.mp.dps = 700
    weight = [mpmath.exp(mpmath.mpf(x)) for x in z.double().tolist()]
    p = [w / mpmath.fsum(weight) for w in weight]
    expected = np.empty((VOCABULARY, VOCABULARY))
    for j, k in itertools.product(range(VOCABULARY), repeat=2):
        expected[j, k] = float((p[j] * (j == k) - p[j] * p[k]) / -mpmath.log(p[2]))
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    found = (u.T @ u / len(u)).numpy()
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def test_one_label_only_gives_nothing():
    z = torch.tensor([[-torch.inf, 1.0, -torch.inf]])
    assert signed_gradient(z, torch.tensor([1]), torch.ones(1, 3, dtype=torch.uint8)).tolist() == [[0, 0, 0]]


def small(kind):
    torch.manual_seed(3)
    if kind == "gpt2":
        config = GPT2Config(vocab_size=VOCABULARY, n_embd=8, n_layer=1, n_head=2, n_positions=8, **SPECIAL)
    else:
        config = LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=8,
            intermediate_size=6,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            **SPECIAL,
        )
    model = AutoModelForCausalLM.from_config(config).double().eval().requires_grad_(requires_grad=False)
    for p in model.parameters():
        p.mul_(1 if p.dim() == 1 else 12)
    return model


def exact(model, sample, *, mean=True):
    """sum_t Tr F_t / (n |P_t|), label by label."""
    own = copy.deepcopy(model).requires_grad_(requires_grad=True)
    logits = own(input_ids=torch.tensor([sample.input_ids])).logits[0].log_softmax(-1)
    total = 0.0
    for t in range(sample.start, sample.end):
        trace = 0.0
        for label in range(logits.shape[-1]):
            gradients = torch.autograd.grad(logits[t - 1, label], list(own.parameters()), retain_graph=True)
            trace += float((logits[t - 1, label].exp() * sum(g.square().sum() for g in gradients)).detach())
        total += trace / abs(float(logits[t - 1, sample.input_ids[t]].detach()))
    return total / (sample.length if mean else 1)


class Given(FisherProbe):
    """Signs that the test gives."""

    def __init__(self, samples, signs, normalise) -> None:
        super().__init__(samples, 0, normalise=normalise)
        self.signs = signs

    def _signs(self, names, counts, vocabulary):
        return self.signs


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("normalise", ["mean", "sum"])
def test_over_all_signs_the_squared_norm_is_the_trace(kind, normalise, encoded):
    """Also between the two tokens, whose products have to vanish."""
    model = small(kind)
    sample = SampleSet([encoded("a", [2, 1], [3, 2])], pad_id=0)
    signs = all_signs(2)
    half = signs[: len(signs) // 2]  # all signs turned round give the same norm
    norms = [gradient_norms(model, sample, Given(sample, s, normalise)).values[0] for s in half]
    assert np.mean(np.square(norms)) == pytest.approx(exact(model, sample[0], mean=normalise == "mean"), rel=1e-6)


@pytest.mark.slow
def test_draws_are_the_trace_on_average(encoded):
    model = small("llama")
    made = [encoded("a", [2, 1], [3, 2, 1]), encoded("b", [3], [2]), encoded("c", [0], [2, 3])]
    samples = SampleSet(made, pad_id=0)
    draws = np.stack(
        [gradient_norms(model, samples, FisherProbe(samples, k, normalise="mean")).values ** 2 for k in range(100)]
    )
    z = (draws.mean(0) - [exact(model, s) for s in samples]) / (draws.std(0, ddof=1) / np.sqrt(len(draws)))
    assert np.abs(z).max() < 3.5


def test_a_sample_has_its_signs_in_whatever_batch(trained, samples):
    model = copy.deepcopy(trained).double()
    probe = FisherProbe(samples, 11, normalise="mean")
    together = gradient_norms(model, samples, probe)
    assert together.batched  # the sample that was done alone had the same signs
    small_batches = gradient_norms(model, samples, probe, batch_tokens=32)
    np.testing.assert_allclose(small_batches.values, together.values, rtol=1e-5)
    other = gradient_norms(model, samples, FisherProbe(samples, 12, normalise="mean"))
    assert not np.isclose(other.values, together.values, rtol=1e-3).any()
