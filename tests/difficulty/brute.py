"""Equation 4 done literally: one sample and one explicit delta at a time, in float64, by code of its own."""

from __future__ import annotations

import copy

import numpy as np
import torch


def token_loglikelihoods(model, sample, start=None) -> torch.Tensor:
    """log p of the completion's tokens, one sample alone, without padding."""
    ids = torch.tensor([sample.input_ids])
    logits = model(input_ids=ids).logits[0]
    start = sample.start if start is None else start
    return torch.stack([torch.log_softmax(logits[t - 1], -1)[ids[0, t]] for t in range(start, sample.end)])


def delta_of(model, seed: int, sigma: float) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.empty_like(p).normal_(0.0, sigma, generator=generator) for p in model.parameters()]


def shifted(model, delta, sign: int):
    moved = copy.deepcopy(model).double()
    with torch.no_grad():
        for p, d in zip(moved.parameters(), delta, strict=True):
            p.add_(sign * d.double())
    return moved


def relative_changes(model, samples, seeds, sigma, *, mean=True, start=None) -> np.ndarray:
    """S of Eq. 4, (seeds, 2, samples), for +delta and -delta."""
    base_model = copy.deepcopy(model).double()
    found = np.empty((len(seeds), 2, len(samples)))
    with torch.no_grad():
        base = [token_loglikelihoods(base_model, s, start) for s in samples]
        for k, seed in enumerate(seeds):
            delta = delta_of(model, seed, sigma)
            for side, sign in enumerate((1, -1)):
                moved = shifted(model, delta, sign)
                for i, s in enumerate(samples):
                    ratios = (base[i] - token_loglikelihoods(moved, s, start)) / base[i]
                    found[k, side, i] = float(ratios.mean() if mean else ratios.sum())
    return found


def gradient_norm(model, sample, objective, dtype=torch.float64) -> float:
    """Norm of the gradient of objective(token log-likelihoods), by autograd on one sample."""
    alone = copy.deepcopy(model).to(dtype).requires_grad_(requires_grad=True)
    objective(token_loglikelihoods(alone, sample)).backward()
    return float(torch.sqrt(sum(p.grad.square().sum() for p in alone.parameters() if p.grad is not None)))
