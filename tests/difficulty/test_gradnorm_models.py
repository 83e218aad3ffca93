"""Gradient norms of other architectures, of adapters, of chosen weights, and of models that do unusual things."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    GPTNeoXConfig,
    MistralConfig,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
)

from fairforget.errors import FairforgetError
from fairforget_samplers.difficulty.grad_norm import GradNorm
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

SIZES = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
SPECIAL = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1}
CONFIGS = {
    "qwen3": Qwen3Config(num_key_value_heads=2, head_dim=8, **SIZES, **SPECIAL),  # norms of heads
    "gemma2": Gemma2Config(num_key_value_heads=2, head_dim=8, **SIZES, **SPECIAL),  # 1 + weight; tied; soft capping
    "mistral": MistralConfig(num_key_value_heads=2, sliding_window=8, **SIZES, **SPECIAL),
    "phi": PhiConfig(**SIZES, **SPECIAL),  # LayerNorm, biases everywhere
}


def rng():
    return np.random.default_rng(0)


def nll(found):
    return -found.mean()


def shaken(model, by=0.1):
    """Far from the symmetric start, norms and biases too."""
    torch.manual_seed(4)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(by * torch.randn_like(p))
    return model.eval()


def norm_of(model, sample, brute, chosen=lambda _: True):
    """Norm over the chosen names, by autograd in float64 on one sample without padding; tied weights once."""
    alone = copy.deepcopy(model).double().requires_grad_(requires_grad=True)
    nll(brute.token_loglikelihoods(alone, sample)).backward()
    parts = [p.grad.square().sum() for name, p in alone.named_parameters() if chosen(name) and p.grad is not None]
    return float(torch.sqrt(sum(parts)))


def norms_of(model, samples, brute, chosen=lambda _: True):
    return np.array([norm_of(model, s, brute, chosen) for s in samples])


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_architectures(name, dtype, samples, brute):
    torch.manual_seed(3)
    model = shaken(AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation="eager").to(dtype))
    few = samples.take(range(0, 30, 3))
    found = GradNorm(batch_tokens=90).score(model, few, rng())
    assert found.details["batched"]
    # Norms and soft capping are computed in float32 whatever the weights are.
    np.testing.assert_allclose(found.values, norms_of(model, few, brute), rtol=1e-5)


def test_experts_that_mix_the_samples_of_a_batch_are_done_alone(samples, brute):
    config = Qwen3MoeConfig(
        num_key_value_heads=2,
        head_dim=8,
        num_experts=3,
        num_experts_per_tok=2,
        moe_intermediate_size=16,
        **SIZES,
        **SPECIAL,
    )
    model = shaken(AutoModelForCausalLM.from_config(config))
    few = samples.take([0, 1, 2])
    expected = [brute.gradient_norm(model, s, nll, torch.float32) for s in few]  # its experts know no float64
    found = GradNorm().score(model, few, rng())
    assert not found.details["batched"]
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


@pytest.fixture
def adapted(trained):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj", "down_proj"], init_lora_weights=False)
    return peft.get_peft_model(copy.deepcopy(trained), config).eval()


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")
@pytest.mark.parametrize("layers", ["all", "adapters", "base"])
def test_adapters_alone_and_with_their_base(adapted, samples, brute, layers):
    few = samples.take([0, 5, 10, 20, 25])
    wanted = {"all": lambda _: True, "adapters": lambda n: "lora_" in n, "base": lambda n: "lora_" not in n}[layers]
    expected = norms_of(adapted, few, brute, wanted)
    found = GradNorm(layers=layers).score(adapted, few, rng())
    assert found.details["batched"]
    assert found.details["weights"] == sum(p.numel() for n, p in adapted.named_parameters() if wanted(n))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


ADAPTED = {
    "qwen2": (Qwen2Config(num_key_value_heads=2, **SIZES, **SPECIAL), ["q_proj", "down_proj", "lm_head"]),
    "gpt-neox": (GPTNeoXConfig(**SIZES, **SPECIAL), ["query_key_value", "dense_4h_to_h"]),
    "gpt2": (
        GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64, **SPECIAL),
        ["c_attn", "c_proj"],  # of transposed layers
    ),
}


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*fan_in_fan_out", "ignore:.*tie_word_embeddings", "ignore:.*tied")
@pytest.mark.parametrize("name", ADAPTED)
def test_adapters_of_other_architectures(name, samples, brute):
    peft = pytest.importorskip("peft")
    config, modules = ADAPTED[name]
    torch.manual_seed(3)
    model = shaken(AutoModelForCausalLM.from_config(config))
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=modules, init_lora_weights=False)).eval()
    few = samples.take([0, 5, 10, 20, 25])
    found = GradNorm(layers="adapters").score(adapted, few, rng())
    assert found.details["batched"]
    np.testing.assert_allclose(found.values, norms_of(adapted, few, brute, lambda n: "lora_" in n), rtol=1e-5)
    np.testing.assert_allclose(GradNorm().score(adapted, few, rng()).values, norms_of(adapted, few, brute), rtol=1e-5)


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("model.layers.1.*", lambda n: n.startswith("model.layers.1.")),
        ("*.bias", lambda n: n.endswith(".bias")),
        ("*layernorm.weight", lambda n: n.endswith("layernorm.weight")),
        ("model.embed_tokens.weight", lambda n: n == "model.embed_tokens.weight"),
    ],
)
def test_weights_chosen_by_name(pattern, chosen, samples, brute):
    torch.manual_seed(3)
    model = shaken(AutoModelForCausalLM.from_config(CONFIGS["phi"]))
    few = samples.take([0, 5, 10, 20])
    model.requires_grad_(requires_grad=True)  # what is not chosen gets no gradient all the same
    found = GradNorm(layers=[pattern]).score(model, few, rng())
    assert found.details["batched"]
    assert found.details["layers"] == [pattern]
    assert all(p.grad is None for p in model.parameters())
    np.testing.assert_allclose(found.values, norms_of(model, few, brute, chosen), rtol=1e-5)


def test_tied_weights_chosen_by_either_name_count_once(trained, samples, brute):
    few = samples.take([0, 5])
    expected = norms_of(trained, few, brute, lambda n: n == "model.embed_tokens.weight")
    for pattern in ("lm_head.*", "*embed*"):
        np.testing.assert_allclose(GradNorm(layers=[pattern]).score(trained, few, rng()).values, expected, rtol=1e-5)


def test_a_pattern_that_matches_nothing_is_said(trained, samples):
    with pytest.raises(FairforgetError, match=r"model\.layer\.0"):
        MrdGrad(layers=["model.layer.0.*"]).score(trained, samples, rng())


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")
@pytest.mark.parametrize("reentrant", [True, False], ids=["reentrant", "not reentrant"])
def test_checkpointed_layers_are_followed_once(model, samples, brute, reentrant):
    expected = norms_of(model, samples.take([0, 5, 10]), brute)
    runs = []
    for layer in model.model.layers:
        plain = layer.forward

        def forward(hidden, plain=plain, **named):
            runs.append(1)
            return checkpoint(lambda h: plain(h, **named), hidden, use_reentrant=reentrant)

        layer.forward = forward
        plain_mlp = layer.mlp.forward
        layer.mlp.forward = lambda h, plain=plain_mlp: checkpoint(plain, h, use_reentrant=reentrant)
    found = GradNorm().score(model, samples, rng())
    assert runs
    assert found.details["batched"]
    np.testing.assert_allclose(found.values[[0, 5, 10]], expected, rtol=1e-5)


class Scaled(torch.nn.Module):
    """A layer from outside: a vector, a matrix and a number in one, of which only autograd knows."""

    def __init__(self, size) -> None:
        super().__init__()
        self.vector = torch.nn.Parameter(torch.rand(size))
        self.matrix = torch.nn.Parameter(torch.randn(size, size) / size)
        self.number = torch.nn.Parameter(torch.tensor(0.3))

    def forward(self, hidden):
        return hidden + torch.tanh(self.number * hidden @ self.matrix) * self.vector**2


class Mixing(torch.nn.Module):
    """Looks like a norm, and lets every sample see the one before it."""

    def __init__(self, size) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((size,), 0.2))

    def forward(self, hidden):
        return hidden + self.weight * hidden.roll(1, 0)


class Gate(torch.nn.Module):
    """Vectors, but no norm: the copy for each sample has to do."""

    def __init__(self, size) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(size))
        self.bias = torch.nn.Parameter(torch.rand(size))

    def forward(self, hidden):
        return hidden * torch.sigmoid(self.weight * hidden + self.bias.exp())


@pytest.mark.parametrize(("kind", "batched"), [(Scaled, True), (Gate, True), (Mixing, False)])
def test_layers_from_outside(model, samples, brute, kind, batched):
    torch.manual_seed(0)
    layer = kind(32)
    old = model.model.layers[0].mlp
    model.model.layers[0].mlp = torch.nn.Sequential(old, layer)
    few = samples.take([0, 5, 10, 11])
    expected = norms_of(model, few, brute)
    before = dict(layer.named_parameters())
    found = GradNorm().score(model, few, rng())
    assert found.details["batched"] is batched
    assert [*layer.named_parameters()] == [*before.items()]  # the parameters themselves, in their order
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


class InPlace(torch.nn.Module):
    """Writes to the input of a linear layer afterwards, which autograd allows where the weight is frozen."""

    def __init__(self, size) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(size, size)

    def forward(self, hidden):
        wide = hidden * 2
        out = self.linear(
            wide if torch.is_grad_enabled() and self.linear.weight.requires_grad is False else wide.clone()
        )
        wide.mul_(0.5)
        return out + wide


def test_an_input_that_is_written_to_is_noticed(model, samples, brute):
    torch.manual_seed(0)
    model.model.layers[0].mlp = InPlace(32)
    few = samples.take([0, 5, 10])
    found = GradNorm().score(model, few, rng())
    assert not found.details["batched"]
    np.testing.assert_allclose(found.values, norms_of(model, few, brute), rtol=1e-5)


class Idle(torch.nn.Module):
    """A layer whose output nobody uses, on an input that others use."""

    def __init__(self, inner, size) -> None:
        super().__init__()
        self.inner, self.idle = inner, torch.nn.Linear(size, size)

    def forward(self, hidden):
        self.idle(hidden)
        return self.inner(hidden)


def test_weights_without_a_say_count_nothing(model, samples, brute):
    layer = model.model.layers[0]
    layer.self_attn.q_proj = Idle(layer.self_attn.q_proj, 32)
    layer.mlp.gate_proj = Idle(layer.mlp.gate_proj, 32)
    few = samples.take([0, 5, 10])
    found = GradNorm().score(model, few, rng())
    assert found.details["batched"]
    np.testing.assert_allclose(found.values, norms_of(model, few, brute), rtol=1e-5)
    nothing = GradNorm(layers=["*idle*"]).score(model, few, rng())
    assert (nothing.values == 0).all()
    assert "no say in the predictions" in nothing.details["warnings"][0]


def test_one_layer_used_twice_is_one_weight(model, samples, brute):
    """The output projection of one block is also that of the other, and its input projection meets two inputs."""
    first, second = model.model.layers
    second.mlp = first.mlp
    second.input_layernorm = first.input_layernorm
    second.self_attn.k_proj.weight = second.self_attn.v_proj.weight  # twice on the same input
    few = samples.take([0, 5, 10])
    found = GradNorm().score(model, few, rng())
    assert found.details["batched"]
    np.testing.assert_allclose(found.values, norms_of(model, few, brute), rtol=1e-5)


def test_the_tied_embedding_may_have_a_third_use(model, samples, brute):
    class Reads(torch.nn.Module):
        def __init__(self, embedding) -> None:
            super().__init__()
            self.again = torch.nn.Linear(embedding.shape[1], embedding.shape[0], bias=False)
            self.again.weight = embedding
            self.back = torch.nn.Linear(embedding.shape[0], embedding.shape[1])

        def forward(self, hidden):
            return self.back(torch.tanh(self.again(hidden)))

    torch.manual_seed(0)
    model.model.layers[1].mlp = Reads(model.model.embed_tokens.weight)
    few = samples.take([0, 5, 10])
    found = GradNorm().score(model, few, rng())
    assert found.details["batched"]
    np.testing.assert_allclose(found.values, norms_of(model, few, brute), rtol=1e-5)
