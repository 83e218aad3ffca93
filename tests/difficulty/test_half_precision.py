"""What rounding to bfloat16 does to Eq. 4, which the option is there to show."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.lm.rounded import rounded
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo

FEW = slice(0, 30, 6)


def score(model, samples, seed=3, **options):
    return MrdMonteCarlo(absolute="inside", **options).score(model, samples, np.random.default_rng(seed))


def seeds_of(seed: int, draws: int) -> list[int]:
    return [int(s) for s in np.random.default_rng(seed).integers(2**63, size=draws)]


@torch.no_grad()
def loglikelihoods(model, sample) -> torch.Tensor:
    """log p of the completion's tokens, one sample alone, in float64 from the model's logits."""
    ids = torch.tensor([sample.input_ids[: sample.end]])
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[0].double()
    logprobs = torch.log_softmax(logits, -1)
    return torch.stack([logprobs[t - 1, ids[0, t]] for t in range(sample.start, sample.end)])


@torch.no_grad()
def brute_in_bfloat16(brute, model, samples, seeds, sigma) -> tuple[np.ndarray, float]:
    """Mean of |S| by a model with weights of bfloat16, a sample at a time, and the share of weights last moved."""
    short = copy.deepcopy(model).eval()
    for p in short.parameters():  # not .bfloat16(), which rounds the tables of positions too
        p.data = p.data.bfloat16()
    before = [loglikelihoods(short, s) for s in samples]
    found = np.empty((len(seeds), len(samples)))
    for k, seed in enumerate(seeds):
        moved = copy.deepcopy(short)
        for p, d in zip(moved.parameters(), brute.delta_of(short, seed, sigma), strict=True):
            p.add_(d)
        for i, s in enumerate(samples):
            found[k, i] = float(((before[i] - loglikelihoods(moved, s)) / before[i]).mean())
    pairs = list(zip(short.parameters(), moved.parameters(), strict=True))
    share = sum(int((a != b).sum()) for a, b in pairs) / sum(a.numel() for a, _ in pairs)
    return np.abs(found).mean(0), share


@pytest.mark.parametrize("sigma", [1e-5, 1e-2])
def test_as_a_model_that_has_weights_of_bfloat16(model, samples, brute, sigma):
    few = samples[FEW]
    found = score(model, few, draws=4, sigma=sigma, dtype="bfloat16", batch_tokens=1)
    expected, share = brute_in_bfloat16(brute, model, few, seeds_of(3, 4), sigma)
    # The logits are the same bfloat16 numbers; what is taken of them is float32.
    np.testing.assert_allclose(found.values, expected, rtol=1e-3)
    assert found.details["moved_share"] == pytest.approx(share, abs=1e-12)
    assert found.details["dtype"] == "bfloat16"


def test_a_small_sigma_is_rounded_away_and_a_large_one_is_not(model, samples):
    """In float32 the score is proportional to sigma; in bfloat16 one step of rounding decides until the noise is large.

    Measured: at 1e-6 nearly half of the scores are exactly 0, from 1e-5 to 1e-4 they grow 1.6 times instead of 10, and
    at 3e-2 they agree (rank correlation .9996, median ratio .997).
    """
    full, short = (
        {sigma: score(model, samples, draws=20, sigma=sigma, dtype=dtype) for sigma in (1e-6, 1e-5, 1e-4, 3e-2)}
        for dtype in ("auto", "bfloat16")
    )
    grown = [np.median(s[1e-4].values) / np.median(s[1e-5].values) for s in (full, short)]
    assert grown[0] == pytest.approx(10, rel=0.1)
    assert grown[1] < 3
    assert full[1e-6].values.all()
    assert (short[1e-6].values == 0).sum() > 5
    assert short[1e-6].details["moved_share"] < 0.01
    assert np.median(short[1e-5].values / full[1e-5].values) > 10
    assert abs(spearmanr(short[1e-5].values, full[1e-5].values).statistic) < 0.7
    assert spearmanr(short[3e-2].values, full[3e-2].values).statistic > 0.98
    assert np.median(short[3e-2].values / full[3e-2].values) == pytest.approx(1, abs=0.05)


def test_it_says_that_it_is_not_for_use_and_refuses_no_sigma(model, samples):
    options = {"draws": 2, "sigma": 1e-9}
    assert any(
        "no score to use" in w for w in score(model, samples[FEW], dtype="bfloat16", **options).details["warnings"]
    )
    with pytest.raises(FairforgetError, match="lost in the rounding of float32"):
        score(model, samples[FEW], **options)
    assert "moved_share" not in score(model, samples[FEW], draws=2).details


def test_the_weights_are_the_same_tensors_afterwards_and_hooks_see_the_passes(model, samples):
    before = {name: (p.data_ptr(), p.detach().clone()) for name, p in model.named_parameters()}
    seen = []
    handle = model.register_forward_hook(lambda *_: seen.append(model.lm_head.weight.dtype))
    found = score(model, samples[FEW], draws=2, dtype="bfloat16")
    handle.remove()
    assert found.details["forwards"] == 3
    assert set(seen) == {torch.bfloat16}
    for name, p in model.named_parameters():
        assert p.data_ptr() == before[name][0]
        assert torch.equal(p, before[name][1])


def test_tied_weights_stay_tied_and_an_exception_restores_them(model):
    def tied() -> bool:
        return model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()

    assert tied()

    def broken():
        with rounded(model, torch.bfloat16):
            assert tied()
            assert model.lm_head.weight.dtype == torch.bfloat16
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert tied()
    assert {p.dtype for p in model.parameters()} == {torch.float32}
