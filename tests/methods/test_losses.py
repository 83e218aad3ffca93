"""Losses against formulas written out by hand, on the logits of a real model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.logprobs import TokenLogprobs
from fairforget.lm.tokens import EncodedSample, SampleSet, TokenBatch
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff
from fairforget_methods.idk import Idk
from fairforget_methods.npo import Npo

VOCABULARY, EOS = 61, 1


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

    def reference_logits(self, tokens: TokenBatch) -> torch.Tensor:
        with torch.no_grad():
            return tokens.logits(self.frozen)


def llama(seed: int) -> LlamaForCausalLM:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return (
            LlamaForCausalLM(
                LlamaConfig(
                    vocab_size=VOCABULARY,
                    hidden_size=16,
                    intermediate_size=24,
                    num_hidden_layers=2,
                    num_attention_heads=2,
                    initializer_range=0.5,
                )
            )
            .double()
            .eval()
        )


def texts(seed: int, lengths: list[tuple[int, int]]) -> SampleSet:
    """Random samples of (prompt, completion) tokens each, with an end-of-text token."""
    rng = torch.Generator().manual_seed(seed)
    made = []
    for i, (prompt, completion) in enumerate(lengths):
        ids = torch.randint(2, VOCABULARY, (prompt + completion,), generator=rng).tolist()
        made.append(EncodedSample(Sample(f"s{seed}-{i}", "", ""), (*ids, EOS), prompt, prompt + completion))
    return SampleSet(made, pad_id=0)


LENGTHS = {
    "ragged": ([(3, 1), (1, 9), (6, 4)], [(2, 5), (4, 2), (1, 1)]),
    "equal": ([(2, 4), (2, 4)], [(2, 4), (2, 4)]),
    "one": ([(5, 3)], [(1, 7)]),
}


@pytest.fixture(params=LENGTHS.values(), ids=LENGTHS.keys())
def batch(request: pytest.FixtureRequest) -> Batch:
    forget, retain = request.param
    refusal = [(p, 2) for p, _ in forget]
    sets = (texts(1, forget), texts(2, retain), texts(3, refusal))
    return Batch(*(s.batch(eos=True) for s in sets), llama(7))


@pytest.fixture
def model() -> LlamaForCausalLM:
    return llama(3)


def value(loss: torch.Tensor) -> float:
    return float(loss.detach())


def token_nlls(model: Any, tokens: TokenBatch) -> list[torch.Tensor]:
    """Negative log-likelihoods of the labels, one row at a time, without padding, by float64 log_softmax."""
    rows = []
    for row in range(len(tokens.ids)):
        ids = tokens.input_ids[row][tokens.attention_mask[row].bool()]
        labels = tokens.labels[row][: len(ids)]
        logp = model(input_ids=ids[None]).logits[0].double().log_softmax(-1)
        rows.append(torch.stack([-logp[t - 1, ids[t]] for t in range(1, len(ids)) if labels[t] != -100]))
    return rows


def test_grad_ascent_is_minus_the_mean_over_tokens(model: Any, batch: Batch) -> None:
    nlls = token_nlls(model, batch.forget)
    every = torch.cat(nlls)
    assert value(GradAscent().loss(model, batch)) == pytest.approx(-value(every.mean()), rel=1e-5)
    means = torch.stack([n.mean() for n in nlls])
    sums = torch.stack([n.sum() for n in nlls])
    assert value(GradAscent("mean").loss(model, batch)) == pytest.approx(-value(means.mean()), rel=1e-5)
    assert value(GradAscent("sum").loss(model, batch)) == pytest.approx(-value(sums.mean()), rel=1e-5)


def test_grad_diff_nll(model: Any, batch: Batch) -> None:
    forget = torch.cat(token_nlls(model, batch.forget)).mean()
    retain = torch.cat(token_nlls(model, batch.retain)).mean()
    loss = GradDiff(forget_weight=0.7, retain_weight=1.3).loss(model, batch)
    assert value(loss) == pytest.approx(value(-0.7 * forget + 1.3 * retain), rel=1e-5)


def test_grad_diff_kl_is_a_mean_over_labelled_positions(model: Any, batch: Batch) -> None:
    kls = []
    tokens = batch.retain
    for row in range(len(tokens.ids)):
        ids = tokens.input_ids[row][tokens.attention_mask[row].bool()]
        now = model(input_ids=ids[None]).logits[0].double().softmax(-1)
        ref = batch.frozen(input_ids=ids[None]).logits[0].double().softmax(-1)
        for t in range(1, len(ids)):
            if tokens.labels[row][t] != -100:
                p, q = ref[t - 1], now[t - 1]
                kls.append(value((p * (p.log() - q.log())).sum()))
    forget = value(torch.cat(token_nlls(model, batch.forget)).mean())
    loss = GradDiff(retain_loss="kl").loss(model, batch)
    assert value(loss) == pytest.approx(-forget + sum(kls) / len(kls), rel=1e-4)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("beta", [0.05, 0.1, 2.0])
def test_npo(model: Any, batch: Batch, reduction: str, beta: float) -> None:
    put = {"sum": torch.sum, "mean": torch.mean}[reduction]
    terms = []
    for now, ref in zip(token_nlls(model, batch.forget), token_nlls(batch.frozen, batch.forget), strict=True):
        x = beta * (value(put(now)) - value(put(ref)))
        terms.append(2 / beta * (math.log1p(math.exp(-x)) if x > -30 else -x))
    retain = value(torch.cat(token_nlls(model, batch.retain)).mean())
    loss = Npo(beta=beta, reduction=reduction, retain_weight=0.5).loss(model, batch)  # type: ignore[arg-type]
    assert value(loss) == pytest.approx(sum(terms) / len(terms) + 0.5 * retain, rel=1e-4)


def gradient(model: Any, loss: torch.Tensor) -> torch.Tensor:
    model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten().clone() for p in model.parameters()])


def test_npo_tends_to_grad_ascent_as_beta_vanishes(model: Any, batch: Batch) -> None:
    """Its gradient tends to that of ascent on the per-sample sums (Zhang et al. 2024, proposition 1)."""
    small = gradient(model, Npo(beta=1e-4, retain_loss="none").loss(model, batch))
    ascent = gradient(model, GradAscent("sum").loss(model, batch))
    assert torch.nn.functional.cosine_similarity(small, ascent, dim=0) > 0.9999
    assert float(small.norm() / ascent.norm()) == pytest.approx(1.0, abs=0.01)


def test_npo_has_no_gradient_left_on_a_sample_far_above_the_reference(model: Any, batch: Batch) -> None:
    """At high beta a sample whose loss exceeds the reference's is done: its weight sigma(-beta * x) vanishes."""
    optimizer = torch.optim.Adam(batch.frozen.parameters(), lr=0.05)
    for _ in range(20):  # a reference that knows the forget samples
        optimizer.zero_grad()
        batch.forget.nll(batch.frozen, "tokens").backward()
        optimizer.step()
    now = torch.stack([n.sum() for n in token_nlls(model, batch.forget)])
    ref = torch.stack([n.sum() for n in token_nlls(batch.frozen, batch.forget)])
    assert ((now - ref) > 0.5).all(), "the fixture must put every sample above its reference"
    done = gradient(model, Npo(beta=200.0, retain_loss="none").loss(model, batch))
    fresh = gradient(model, Npo(beta=0.01, retain_loss="none").loss(model, batch))
    assert float(done.norm()) < 1e-12 * float(fresh.norm())


def test_idk_learns_the_refusal_and_ignores_the_answer(model: Any, batch: Batch) -> None:
    refusal = value(torch.cat(token_nlls(model, batch.refusal)).mean())
    retain = value(torch.cat(token_nlls(model, batch.retain)).mean())
    loss = Idk(forget_weight=2.0, retain_weight=0.25).loss(model, batch)
    assert value(loss) == pytest.approx(2 * refusal + 0.25 * retain, rel=1e-5)


def test_padding_changes_no_loss(model: Any) -> None:
    """A sample's part of the loss is the same alone and beside a longer one."""
    both = texts(5, [(3, 2), (8, 12)])
    alone = [both[i : i + 1].batch(eos=True).nll(model, "sum") for i in range(2)]
    together = both.batch(eos=True).nll(model, "sum")
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)
