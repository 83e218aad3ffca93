"""Losses against formulas written out by hand, on the logits of a real model."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import pytest
import torch

from fairforget.api import PluginSpec
from fairforget.registry import Registry
from fairforget.study.options import OptionError, build
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff
from fairforget_methods.idk import Idk
from fairforget_methods.npo import Npo


def test_grad_ascent_is_minus_the_mean_over_tokens(on_logits: ModuleType, model: Any, batch: Any) -> None:
    nlls = on_logits.token_nlls(model, batch.forget)
    every = torch.cat(nlls)
    assert on_logits.value(GradAscent().loss(model, batch)) == pytest.approx(-on_logits.value(every.mean()), rel=1e-5)
    means = torch.stack([n.mean() for n in nlls])
    sums = torch.stack([n.sum() for n in nlls])
    assert on_logits.value(GradAscent("mean").loss(model, batch)) == pytest.approx(
        -on_logits.value(means.mean()), rel=1e-5
    )
    assert on_logits.value(GradAscent("sum").loss(model, batch)) == pytest.approx(
        -on_logits.value(sums.mean()), rel=1e-5
    )


def test_grad_diff_nll(on_logits: ModuleType, model: Any, batch: Any) -> None:
    forget = torch.cat(on_logits.token_nlls(model, batch.forget)).mean()
    retain = torch.cat(on_logits.token_nlls(model, batch.retain)).mean()
    loss = GradDiff(forget_weight=0.7, retain_weight=1.3).loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(on_logits.value(-0.7 * forget + 1.3 * retain), rel=1e-5)


def test_grad_diff_kl_is_a_mean_over_labelled_positions(on_logits: ModuleType, model: Any, batch: Any) -> None:
    kls = []
    tokens = batch.retain
    for row in range(len(tokens.ids)):
        ids = tokens.input_ids[row][tokens.attention_mask[row].bool()]
        now = model(input_ids=ids[None]).logits[0].double().softmax(-1)
        ref = batch.frozen(input_ids=ids[None]).logits[0].double().softmax(-1)
        for t in range(1, len(ids)):
            if tokens.labels[row][t] != -100:
                p, q = ref[t - 1], now[t - 1]
                kls.append(on_logits.value((p * (p.log() - q.log())).sum()))
    forget = on_logits.value(torch.cat(on_logits.token_nlls(model, batch.forget)).mean())
    loss = GradDiff(retain_loss="kl").loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(-forget + sum(kls) / len(kls), rel=1e-4)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("beta", [0.05, 0.1, 2.0])
def test_npo(on_logits: ModuleType, model: Any, batch: Any, reduction: str, beta: float) -> None:
    put = {"sum": torch.sum, "mean": torch.mean}[reduction]
    terms = []
    for now, ref in zip(
        on_logits.token_nlls(model, batch.forget), on_logits.token_nlls(batch.frozen, batch.forget), strict=True
    ):
        x = beta * (on_logits.value(put(now)) - on_logits.value(put(ref)))
        terms.append(2 / beta * (math.log1p(math.exp(-x)) if x > -30 else -x))
    retain = on_logits.value(torch.cat(on_logits.token_nlls(model, batch.retain)).mean())
    loss = Npo(beta=beta, reduction=reduction, retain_weight=0.5).loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(sum(terms) / len(terms) + 0.5 * retain, rel=1e-4)


def test_npo_tends_to_grad_ascent_as_beta_vanishes(on_logits: ModuleType, model: Any, batch: Any) -> None:
    """Its gradient tends to that of ascent on the per-sample sums (Zhang et al. 2024, proposition 1)."""
    small = on_logits.gradient(model, Npo(beta=1e-4, retain_loss="none").loss(model, batch))
    ascent = on_logits.gradient(model, GradAscent("sum").loss(model, batch))
    assert torch.nn.functional.cosine_similarity(small, ascent, dim=0) > 0.9999
    assert float(small.norm() / ascent.norm()) == pytest.approx(1.0, abs=0.01)


def test_npo_has_no_gradient_left_on_a_sample_far_above_the_reference(
    on_logits: ModuleType, model: Any, batch: Any
) -> None:
    """At high beta a sample whose loss exceeds the reference's is done: its weight sigma(-beta * x) vanishes."""
    optimizer = torch.optim.Adam(batch.frozen.parameters(), lr=0.05)
    for _ in range(20):  # a reference that knows the forget samples
        optimizer.zero_grad()
        batch.forget.nll(batch.frozen, "tokens").backward()
        optimizer.step()
    now = torch.stack([n.sum() for n in on_logits.token_nlls(model, batch.forget)])
    ref = torch.stack([n.sum() for n in on_logits.token_nlls(batch.frozen, batch.forget)])
    assert ((now - ref) > 0.5).all(), "the fixture must put every sample above its reference"
    done = on_logits.gradient(model, Npo(beta=200.0, retain_loss="none").loss(model, batch))
    fresh = on_logits.gradient(model, Npo(beta=0.01, retain_loss="none").loss(model, batch))
    assert float(done.norm()) < 1e-12 * float(fresh.norm())


def test_idk_learns_the_refusal_and_ignores_the_answer(on_logits: ModuleType, model: Any, batch: Any) -> None:
    refusal = on_logits.value(torch.cat(on_logits.token_nlls(model, batch.refusal)).mean())
    retain = on_logits.value(torch.cat(on_logits.token_nlls(model, batch.retain)).mean())
    loss = Idk(forget_weight=2.0, retain_weight=0.25).loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(2 * refusal + 0.25 * retain, rel=1e-5)


def test_idk_concatenated_is_one_mean_over_the_tokens_of_both(on_logits: ModuleType, model: Any, batch: Any) -> None:
    """As one cross-entropy over refusals and retain texts in one batch, which is how TOFU and NPO's code do it."""
    every = torch.cat([*on_logits.token_nlls(model, batch.refusal), *on_logits.token_nlls(model, batch.retain)])
    loss = Idk(batching="concatenated").loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(on_logits.value(every.mean()), rel=1e-9)
    tokens = torch.cat([n.new_full(n.shape, 3.0) for n in on_logits.token_nlls(model, batch.refusal)])
    weights = torch.cat([tokens, torch.full((len(every) - len(tokens),), 0.5)])
    loss = Idk(batching="concatenated", forget_weight=3.0, retain_weight=0.5).loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(on_logits.value((weights * every).mean()), rel=1e-9)


@pytest.mark.parametrize("retain_loss", ["kl", "none"])
def test_idk_concatenated_needs_tokens_on_both_sides(retain_loss: str) -> None:
    spec = PluginSpec("idk", {"batching": "concatenated", "retain_loss": retain_loss})
    with pytest.raises(OptionError, match="concatenated needs retain_loss: nll"):
        build(Registry.discover(), "method", spec)


def test_grad_diff_can_weigh_every_sample_alike(on_logits: ModuleType, model: Any, batch: Any) -> None:
    forget = torch.stack([n.mean() for n in on_logits.token_nlls(model, batch.forget)]).mean()
    loss = GradDiff(reduction="mean", retain_loss="none").loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(-on_logits.value(forget), rel=1e-9)


@pytest.mark.parametrize("method", [Npo(retain_weight=0.0), Npo(retain_loss="none"), Npo(retain_loss="kl")])
def test_a_retain_term_without_weight_spends_no_pass(model: Any, batch: Any, method: Npo) -> None:
    seen = []
    handle = model.register_forward_hook(lambda *_: seen.append(1))
    method.loss(model, batch)
    handle.remove()
    assert len(seen) == (2 if method.retain_loss == "kl" else 1)


def test_padding_changes_no_loss(on_logits: ModuleType, model: Any) -> None:
    """A sample's part of the loss is the same alone and beside a longer one."""
    both = on_logits.texts(5, [(3, 2), (8, 12)])
    alone = [both[i : i + 1].batch(eos=True).nll(model, "sum") for i in range(2)]
    together = both.batch(eos=True).nll(model, "sum")
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)
