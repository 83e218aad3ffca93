"""A batch on real models, and what its losses are made of: log-probabilities one text at a time, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.logprobs import TokenLogprobs
from fairforget.lm.states import layer_states
from fairforget.lm.tokens import EncodedSample, SampleSet, TokenBatch

VOCABULARY, EOS = 61, 1

Lengths = Sequence[tuple[int, int]]
"""Tokens of prompt and completion, a sample each."""


@dataclass
class Batch:
    """A batch whose reference is another real model."""

    forget: TokenBatch
    retain: TokenBatch
    refusal: TokenBatch
    frozen: Any

    def reference(self, tokens: TokenBatch) -> TokenLogprobs:
        with torch.no_grad():
            return tokens.logprobs(self.frozen)

    def reference_scored_logits(self, tokens: TokenBatch) -> torch.Tensor:
        with torch.no_grad():
            return tokens.scored_logits(self.frozen)

    def reference_logits(self, tokens: TokenBatch) -> torch.Tensor:
        with torch.no_grad():
            return tokens.logits(self.frozen)

    def reference_states(self, tokens: TokenBatch, layer: int) -> torch.Tensor:
        with torch.no_grad():
            return layer_states(self.frozen, tokens, layer)


def llama(seed: int) -> Any:
    """Weights so large that predictions differ much from place to place."""
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 16, "intermediate_size": 24, "initializer_range": 0.5}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(LlamaConfig(**sizes, num_hidden_layers=2, num_attention_heads=2)).double().eval()


def texts(seed: int, lengths: Lengths) -> SampleSet:
    """Random samples with an end-of-text token; a sample is the same whatever the others are."""
    made = []
    for i, (prompt, completion) in enumerate(lengths):
        rng = torch.Generator().manual_seed(1000 * seed + i)
        ids = torch.randint(2, VOCABULARY, (prompt + completion,), generator=rng).tolist()
        made.append(EncodedSample(Sample(f"s{seed}-{i}", "", ""), (*ids, EOS), prompt, prompt + completion))
    return SampleSet(made, pad_id=0)


def make_batch(forget: Lengths, retain: Lengths) -> Batch:
    """Refusals have the prompts' lengths and two tokens."""
    refusal = [(prompt, 2) for prompt, _ in forget]
    sets = (texts(1, forget), texts(2, retain), texts(3, refusal))
    return Batch(*(s.batch(eos=True) for s in sets), llama(7))


def rows(model: Any, tokens: TokenBatch) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Log-probabilities (n_i, vocabulary) and labels (n_i,) of each text, forwarded alone and without padding."""
    found = []
    for row in range(len(tokens.ids)):
        ids = tokens.input_ids[row][tokens.attention_mask[row].bool()]
        labels = tokens.labels[row][: len(ids)]
        logp = model(input_ids=ids[None]).logits[0].double().log_softmax(-1)
        places = [t for t in range(1, len(ids)) if labels[t] != -100]
        found.append((logp[[t - 1 for t in places]], ids[places]))
    return found


def token_nlls(model: Any, tokens: TokenBatch) -> list[torch.Tensor]:
    """Negative log-likelihoods of the labels, (n_i,) each."""
    return [-logp.gather(-1, labels[:, None])[:, 0] for logp, labels in rows(model, tokens)]


def value(loss: torch.Tensor) -> float:
    return float(loss.detach())


def mean_nll(model: Any, tokens: TokenBatch) -> float:
    """Over all labels of a batch."""
    return value(torch.cat(token_nlls(model, tokens)).mean())


def gradient(model: Any, loss: torch.Tensor) -> torch.Tensor:
    """All gradients as one vector."""
    model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten().clone() for p in model.parameters()])


class Table(torch.nn.Module):
    """A model that predicts the same at a place whatever it reads: probabilities (time - 1, vocabulary) by hand.

    The last place predicts nothing that a text has; it is uniform.
    """

    def __init__(self, probabilities: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(
            torch.tensor([*probabilities, [1.0] * len(probabilities[0])], dtype=torch.float64).log()
        )

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        return _Output(self.logits[: input_ids.shape[1]].expand(len(input_ids), -1, -1))


@dataclass
class _Output:
    logits: torch.Tensor


def labelled(*ids: int) -> TokenBatch:
    """One text of these tokens, all labelled but the first."""
    tokens = torch.tensor([ids])
    labels = tokens.clone()
    labels[0, 0] = -100
    return TokenBatch(("hand",), tokens, torch.ones_like(tokens), labels)


def by_hand(forget: TokenBatch, refusal: TokenBatch, frozen: Any) -> Batch:
    """A batch without retain texts."""
    return Batch(forget, forget, refusal, frozen)
