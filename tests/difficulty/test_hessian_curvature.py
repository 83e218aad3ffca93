"""Second derivatives along directions, against second derivatives that the tests take themselves."""

from __future__ import annotations

import copy

import mpmath
import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from fairforget.errors import FairforgetError
from fairforget.lm.curvature import curvature as curvature_module
from fairforget.lm.curvature.curvature import Curvature, rademacher
from fairforget.lm.curvature.taylor import Jet
from fairforget.lm.curvature.token_curvature import token_curvature
from fairforget.lm.scored import scored_batches
from fairforget.lm.tokens import SampleSet

SPECIAL = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1}


class Float64Norm(LlamaRMSNorm):
    """Without the cast to float32 of the one it stands for."""

    def forward(self, hidden_states):
        mean = hidden_states.pow(2).mean(-1, keepdim=True)
        return self.weight * hidden_states * torch.rsqrt(mean + self.variance_epsilon)


def in_float64(model):
    model = model.double().eval()
    for module in model.modules():
        if type(module) is LlamaRMSNorm:
            module.__class__ = Float64Norm
    return model


def microscopic(kind):
    torch.manual_seed(3)
    if kind == "gpt2":
        config = GPT2Config(vocab_size=7, n_embd=4, n_layer=1, n_head=2, n_positions=8, **SPECIAL)
    else:
        config = LlamaConfig(
            vocab_size=7,
            hidden_size=4,
            intermediate_size=6,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=True,
            **SPECIAL,
        )
    model = in_float64(AutoModelForCausalLM.from_config(config))
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1 if p.dim() == 1 else 12)  # what a new model says of all tokens is much the same
    return model


@pytest.fixture
def few(encoded):
    made = [encoded("a", [2, 3], [4, 5, 6]), encoded("b", [5], [2]), encoded("c", [6, 2, 3], [3, 4])]
    return SampleSet(made, pad_id=0)


def exact_traces(model, samples):
    """The trace of the whole Hessian, by torch, one sample after the other."""
    names, tensors = zip(*((n, p.detach()) for n, p in model.named_parameters()), strict=True)
    sizes = [p.numel() for p in tensors]

    def f(flat, sample):
        given = {n: x.view(p.shape) for n, x, p in zip(names, flat.split(sizes), tensors, strict=True)}
        ids = torch.tensor([sample.input_ids])
        logits = torch.func.functional_call(model, given, (), {"input_ids": ids}).logits[0]
        p = torch.stack([torch.log_softmax(logits[t - 1], -1)[ids[0, t]] for t in range(sample.start, sample.end)])
        return (p / p.detach().abs()).mean()

    flat = torch.cat([p.flatten() for p in tensors])
    with sdpa_kernel(SDPBackend.MATH):
        return [float(torch.autograd.functional.hessian(lambda x, s=s: f(x, s), flat).trace()) for s in samples]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_all_unit_vectors_give_the_exact_trace(kind, few):
    model = microscopic(kind)
    curvature = Curvature(model, few, batch_tokens=64)
    zeros = [torch.zeros_like(w) for w in curvature.weights]
    total = np.zeros(len(few))
    for tensor in zeros:
        for position in range(tensor.numel()):
            tensor.view(-1)[position] = 1
            total += curvature.along(zeros)
            tensor.view(-1)[position] = 0
    assert curvature.batched
    np.testing.assert_allclose(total, exact_traces(model, few), rtol=1e-6)


@pytest.mark.slow
def test_signs_give_the_trace_on_average(few):
    model = microscopic("gpt2")
    curvature = Curvature(model, few, batch_tokens=64)
    draws = np.stack([curvature.along(rademacher(curvature.weights, seed)) for seed in range(200)])
    error = draws.std(0, ddof=1) / np.sqrt(len(draws))
    z = (draws.mean(0) - exact_traces(model, few)) / error
    assert np.abs(z).max() < 3.5
    assert np.all(error < 0.3 * np.abs(draws.mean(0)))


@pytest.mark.slow
def test_float32_ranks_as_float64_with_the_same_probes(trained, samples):
    single = Curvature(trained, samples, batch_tokens=512)
    double = Curvature(copy.deepcopy(trained).double(), samples, batch_tokens=512)
    directions = [rademacher(single.weights, seed) for seed in range(12)]
    a = np.mean([single.along(d) for d in directions], 0)
    b = np.mean([double.along([v.double() for v in d]) for d in directions], 0)
    assert spearmanr(a, b).statistic >= 0.999
    np.testing.assert_allclose(a, b, rtol=1e-3)


@pytest.mark.parametrize("lead", [-3.0, 0.0, 8.0, 30.0, 400.0])
def test_the_ratio_stays_exact_where_the_model_is_certain(trained, encoded, lead):
    """One token's P''/|P| against four hundred digits."""
    generator = torch.Generator().manual_seed(0)
    z, first, second = (torch.randn(1, 1, 5, dtype=torch.float64, generator=generator) for _ in range(3))
    z[0, 0, 3] += lead
    (batch,) = scored_batches(trained, SampleSet([encoded("a", [2], [3])], pad_id=0), 64)
    found = token_curvature(Jet(z, first, second), batch)
    mpmath.mp.dps = 400

    jets = list(zip(*(x.flatten().tolist() for x in (z, first, second)), strict=True))

    def loglikelihood(e):
        moved = [mpmath.mpf(value) + e * slope + e * e / 2 * bend for value, slope, bend in jets]
        return -mpmath.log1p(mpmath.fsum(mpmath.exp(x - moved[3]) for i, x in enumerate(moved) if i != 3))

    expected = mpmath.diff(loglikelihood, 0, 2) / abs(loglikelihood(0))
    assert found.tolist() == pytest.approx([float(expected)], rel=1e-9)


def test_a_token_that_nothing_stands_beside_does_not_bend(trained, encoded):
    z = torch.full((1, 1, 5), -torch.inf, dtype=torch.float64)
    z[0, 0, 3] = 1.0
    (batch,) = scored_batches(trained, SampleSet([encoded("a", [2], [3])], pad_id=0), 64)
    assert token_curvature(Jet(z, torch.ones_like(z)), batch).tolist() == [0.0]


def test_the_row_of_the_padding_token_is_a_weight_like_others(model, encoded):
    """Noise moves it, though training does not; here it is part of a prompt."""
    double = in_float64(model)
    sample = SampleSet([encoded("a", [0, 5, 0], [7, 9])], pad_id=0)
    curvature = Curvature(double, sample, batch_tokens=64)
    direction = [torch.zeros_like(w) for w in curvature.weights]
    (row,) = [
        v for v, w in zip(direction, curvature.weights, strict=True) if w.data_ptr() == double.lm_head.weight.data_ptr()
    ]
    row[0] = 1
    e = 1e-4
    change = []
    with torch.no_grad():
        for step in (e, 0.0, -e):
            moved = copy.deepcopy(double)
            moved.lm_head.weight[0] += step
            logits = moved(input_ids=torch.tensor([sample[0].input_ids])).logits[0]
            change.append(torch.stack([logits[2].log_softmax(-1)[7], logits[3].log_softmax(-1)[9]]))
    expected = ((change[0] - 2 * change[1] + change[2]) / e**2 / change[1].abs()).mean()
    assert curvature.along(direction)[0] == pytest.approx(float(expected), rel=1e-4)
    assert curvature.batched


class Mixing(torch.nn.Module):
    """Lets the samples of a batch see each other."""

    def __init__(self, inner) -> None:
        super().__init__()
        self.inner, self.config = inner, inner.config

    def forward(self, input_ids, attention_mask=None, use_cache=False):
        out = self.inner(input_ids=input_ids, attention_mask=attention_mask, use_cache=use_cache)
        out.logits = out.logits + 0.1 * out.logits.mean((0, 1)) * out.logits
        return out


def test_a_model_that_mixes_samples_is_noticed(model, samples):
    mixing = Mixing(model.double())
    few = samples.take([0, 5, 9])
    curvature = Curvature(mixing, few, batch_tokens=512)
    found = curvature.along(rademacher(curvature.weights, 5))
    assert not curvature.batched
    for i in range(3):
        single = Curvature(mixing, few.take([i]), batch_tokens=512)
        assert single.along(rademacher(single.weights, 5))[0] == pytest.approx(found[i], rel=1e-4)
        assert single.batched


def test_signs_are_signs_and_the_same_for_a_seed(trained):
    weights = [p.detach() for p in trained.parameters()]
    one, other = rademacher(weights, 7), rademacher(weights, 8)
    assert all(v.abs().eq(1).all() for v in one)
    assert abs(float(torch.cat([v.flatten() for v in one]).mean())) < 0.03
    assert all(torch.equal(a, b) for a, b in zip(one, rademacher(weights, 7, other), strict=True))
    assert other[0] is rademacher(weights, 9, other)[0]
    doubled = rademacher([w.double() for w in weights], 7)
    assert all(torch.equal(a.double(), b) for a, b in zip(one, doubled, strict=True))


def test_the_model_is_not_touched(trained, samples):
    model = copy.deepcopy(trained).train()
    model.model.norm.requires_grad_(requires_grad=True)
    before = {n: p.detach().clone() for n, p in model.state_dict().items()}
    flags = [p.requires_grad for p in model.parameters()]
    curvature = Curvature(model, samples, batch_tokens=128)
    direction = rademacher(curvature.weights, 5)
    curvature.along(direction)

    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    batches = len(scored_batches(model, samples, 128))
    for passes in (1, batches):  # in the second batch, and in the double backward pass
        calls = iter(range(passes))
        curvature = Curvature(model, samples, batch_tokens=128)
        handle = curvature._shell.model.layers[1].mlp.register_forward_hook(
            lambda *_, calls=calls: None if next(calls, None) is not None else interrupt()
        )
        with pytest.raises(KeyboardInterrupt):
            curvature.along(direction)
        handle.remove()
    assert all(torch.equal(p, before[n]) for n, p in model.state_dict().items())
    assert all(type(p) is torch.nn.Parameter and p.grad is None for p in model.parameters())
    assert [p.requires_grad for p in model.parameters()] == flags
    assert all(m.training for m in model.modules())
    assert model.model.embed_tokens.padding_idx == 0


def test_no_samples(trained):
    curvature = Curvature(trained, SampleSet([], pad_id=0), batch_tokens=64)
    assert curvature.along(rademacher(curvature.weights, 0)).shape == (0,)


def test_a_split_model_is_refused(trained, samples, monkeypatch):
    monkeypatch.setattr(curvature_module, "is_sharded", lambda _: True)
    with pytest.raises(FairforgetError, match="split over processes; load it whole, or score by mrd"):
        Curvature(trained, samples, batch_tokens=64)
