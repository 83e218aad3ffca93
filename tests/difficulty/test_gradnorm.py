from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MixtralConfig,
    OPTConfig,
    Qwen2Config,
)

from fairforget.lm.gradients.contribution import SCATTERED, Direct, Outer, inner, squared_norm
from fairforget.lm.gradients.gradnorm import gradient_norms
from fairforget.lm.gradients.logit_gradient import ObjectiveGradient
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.grad_norm import GradNorm
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

SIZES = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
SPECIAL = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1}


def configurations():
    for tied in (True, False):
        tie = {"tie_word_embeddings": tied, **SPECIAL}
        yield f"llama-{tied}", LlamaConfig(num_key_value_heads=2, **SIZES, **tie)
        yield f"qwen2-{tied}", Qwen2Config(num_key_value_heads=2, **SIZES, **tie)  # biases in attention
        yield f"gpt-neox-{tied}", GPTNeoXConfig(**SIZES, **tie)  # biases, LayerNorm, parallel residual
        yield f"gpt2-{tied}", GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64, **tie)


@pytest.fixture(params=list(configurations()), ids=lambda p: p[0])
def architecture(request):
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(request.param[1])
    with torch.no_grad():
        for p in model.parameters():  # far from the symmetric start, norms and biases too
            p.add_(0.1 * torch.randn_like(p))
    return model.eval()


def one_at_a_time(model, samples, objective, brute, dtype=torch.float64):
    return np.array([brute.gradient_norm(model, s, objective, dtype) for s in samples])


def mean_ratio(found):
    return (found / found.detach().abs()).mean()


@pytest.mark.parametrize("tokens", [64, 4096])
def test_batched_norms_equal_a_backward_pass_each(architecture, samples, brute, tokens):
    expected = one_at_a_time(architecture, samples, lambda p: -p.mean(), brute)
    found = GradNorm(batch_tokens=tokens).score(architecture, samples, np.random.default_rng(0))
    assert found.details["batched"]
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_closed_form_equals_a_backward_pass_each(trained, samples, brute):
    for normalise, n in (("mean", 1), ("sum", np.array([s.length for s in samples]))):
        expected = 1e-3 * math.sqrt(2 / math.pi) * one_at_a_time(trained, samples, mean_ratio, brute) * n
        found = MrdGrad(normalise=normalise).score(trained, samples, np.random.default_rng(0))
        np.testing.assert_allclose(found.values, expected, rtol=1e-5)
        in_double = MrdGrad(normalise=normalise).score(
            copy.deepcopy(trained).double(), samples, np.random.default_rng(0)
        )
        np.testing.assert_allclose(in_double.values, expected, rtol=1e-7)


def test_closed_form_where_tokens_are_certain(model, samples, brute):
    with torch.no_grad():
        model.model.norm.weight.mul_(3)
    expected = 1e-3 * math.sqrt(2 / math.pi) * one_at_a_time(model, samples, mean_ratio, brute)
    found = MrdGrad().score(model, samples, np.random.default_rng(0))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_sum_of_losses(trained, samples, brute):
    expected = one_at_a_time(trained, samples, lambda p: -p.sum(), brute)
    found = GradNorm(normalise="sum").score(trained, samples, np.random.default_rng(0))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")
def test_adapters_count_with_the_weights_they_adapt(trained, samples, brute):
    peft = pytest.importorskip("peft")
    adapted = peft.get_peft_model(
        copy.deepcopy(trained), peft.LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    ).eval()
    expected = one_at_a_time(adapted, samples.take([0, 5, 20]), lambda p: -p.mean(), brute)
    found = GradNorm().score(adapted, samples, np.random.default_rng(0))
    assert found.details["batched"]
    np.testing.assert_allclose(found.values[[0, 5, 20]], expected, rtol=1e-5)


def test_two_parameters_in_one_memory_are_one_weight(model, samples):
    expected = GradNorm().score(model, samples, np.random.default_rng(0)).values
    model.lm_head.weight = torch.nn.Parameter(model.model.embed_tokens.weight.data)
    np.testing.assert_allclose(GradNorm().score(model, samples, np.random.default_rng(0)).values, expected, rtol=1e-6)


@pytest.mark.parametrize("time", [SCATTERED, SCATTERED + 44])
def test_an_embedding_of_a_long_text(time):
    """Above so many tokens those with equal ids are added up."""
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(30, (3, time), generator=rng)
    use = Outer(ids, torch.randn(3, time, 8, generator=rng, dtype=torch.float64), 40)
    expected = use.gradient().square().sum((1, 2))
    torch.testing.assert_close(use.squared_norm(), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("tied", [True, False])
def test_long_texts(encoded, brute, tied):
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(
        LlamaConfig(num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=tied, **SIZES, **SPECIAL)
    ).eval()
    texts = [np.random.default_rng(i).integers(2, 97, size=n).tolist() for i, n in enumerate((300, 20, 270))]
    long = SampleSet([encoded(f"l{i}", [5, 6], text) for i, text in enumerate(texts)], pad_id=0)
    found = GradNorm().score(model, long, np.random.default_rng(0))
    assert found.details["batched"]
    expected = one_at_a_time(model, long, lambda p: -p.mean(), brute)
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_the_unit_says_what_is_divided():
    assert GradNorm().unit == "nat/token per unit of weight"
    assert GradNorm(normalise="sum").unit == "nat per unit of weight"


class Hidden(torch.nn.Module):
    """Uses a layer's weight behind its back."""

    def __init__(self, inner_model) -> None:
        super().__init__()
        self.inner = inner_model

    def forward(self, input_ids, attention_mask=None, use_cache=False):
        out = self.inner(input_ids=input_ids, attention_mask=attention_mask, use_cache=use_cache)
        total = self.inner.model.layers[0].mlp.up_proj.weight.sum()
        out.logits = out.logits * (1 + total - total.detach())
        return out


def test_weights_used_behind_a_layers_back_are_noticed(model, samples, brute):
    hidden = Hidden(model)
    expected = one_at_a_time(hidden, samples.take([0, 1, 2]), lambda p: -p.mean(), brute)
    found = GradNorm().score(hidden, samples.take([0, 1, 2]), np.random.default_rng(0))
    assert not found.details["batched"]
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "config",
    [
        MixtralConfig(num_local_experts=3, num_key_value_heads=2, **SIZES, **SPECIAL),  # routes single tokens
        OPTConfig(
            vocab_size=97,
            hidden_size=32,
            ffn_dim=48,
            num_hidden_layers=1,
            num_attention_heads=4,
            word_embed_proj_dim=32,
            max_position_embeddings=64,
            **{**SPECIAL, "bos_token_id": 2},
        ),
    ],
    ids=["mixtral", "opt"],
)
def test_architectures_that_hooks_may_not_follow_are_still_right(config, samples, brute):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    few = samples.take([0, 1, 2])
    expected = one_at_a_time(model, few, lambda p: -p.mean(), brute, torch.float32)
    found = GradNorm().score(model, few, np.random.default_rng(0))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_gradients_already_there_are_kept(model, samples):
    model.requires_grad_(requires_grad=True)
    samples.batch(eos=True).nll(model).backward()
    before = [p.grad.clone() for p in model.parameters()]
    GradNorm().score(model, samples, np.random.default_rng(0))
    assert all(torch.equal(p.grad, b) for p, b in zip(model.parameters(), before, strict=True))


def test_no_samples(model, samples):
    assert gradient_norms(model, samples.take([]), ObjectiveGradient(lambda found: found.nll("sum"))).values.shape == (
        0,
    )


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_norms_of_sums_of_contributions(data):
    """Every way to a norm, ghost or materialised, ids or vectors, equals the norm of the gradient written out."""
    batch, height, width = (data.draw(st.integers(1, 4)) for _ in range(3))
    rng = torch.Generator().manual_seed(data.draw(st.integers(0, 10**6)))
    uses, whole = [], torch.zeros(batch, height, width, dtype=torch.float64)
    for kind in data.draw(st.lists(st.sampled_from(["vectors", "ids", "direct"]), min_size=1, max_size=3)):
        time = data.draw(st.integers(1, 9))
        columns = torch.randn(batch, time, width, generator=rng, dtype=torch.float64)
        if kind == "direct":
            uses.append(Direct(torch.randn(batch, height, width, generator=rng, dtype=torch.float64)))
            whole += uses[-1].value
        elif kind == "ids":
            ids = torch.randint(height, (batch, time), generator=rng)
            uses.append(Outer(ids, columns, height))
            whole += torch.einsum("bth,btw->bhw", torch.nn.functional.one_hot(ids, height).double(), columns)
        else:
            rows = torch.randn(batch, time, height, generator=rng, dtype=torch.float64)
            uses.append(Outer(rows, columns, height))
            whole += torch.einsum("bth,btw->bhw", rows, columns)
    expected = whole.square().sum((1, 2))
    torch.testing.assert_close(squared_norm(uses), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sum(u.gradient() for u in uses), whole)
    for use in uses:
        if isinstance(use, Outer):
            torch.testing.assert_close(inner(use, use), use.gradient().square().sum((1, 2)))
