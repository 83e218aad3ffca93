from __future__ import annotations

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from fairforget.api import Sample
from fairforget.lm.tokens import EncodedSample, SampleSet

VOCABULARY = 97
MADE = {
    "llama": lambda: LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, initializer_range=0.3, bos_token_id=None, eos_token_id=None,
        )
    ),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=96, initializer_range=0.3,
            bos_token_id=None, eos_token_id=None,
        )
    ),
    "gpt-neox": lambda: GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            initializer_range=0.3, bos_token_id=None, eos_token_id=None,
        )
    ),
    "mistral": lambda: MistralForCausalLM(  # looks back 6 tokens
        MistralConfig(
            vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, initializer_range=0.3, bos_token_id=None, eos_token_id=None, sliding_window=6,
        )
    ),
}  # fmt: skip


@pytest.fixture(params=list(MADE))
def model(request):
    """A tiny random model in float64: batching changes the order of sums, and float32 then breaks ties otherwise."""
    return make(request.param)


@pytest.fixture
def llama():
    return make("llama")


def make(name, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return MADE[name]().to(dtype).eval()


@pytest.fixture
def encoded():
    """Make samples from (prompt tokens, completion tokens) pairs; token 1 ends the text."""

    def encode(pairs, prompt="asked"):
        made = [
            EncodedSample(Sample(f"s{i}", prompt, "told"), (*before, *after, 1), len(before), len(before) + len(after))
            for i, (before, after) in enumerate(pairs)
        ]
        return SampleSet(made, pad_id=0)

    return encode


@pytest.fixture
def texts():
    """Random (prompt tokens, completion tokens) pairs of ragged length."""

    def draw(count, seed=0, shortest=0):
        generator = torch.Generator().manual_seed(seed)

        def tokens(low, high):
            size = int(torch.randint(low, high, (1,), generator=generator))
            return torch.randint(2, VOCABULARY, (size,), generator=generator).tolist()

        return [(tokens(1, 9), tokens(shortest, 16)) for _ in range(count)]

    return draw
