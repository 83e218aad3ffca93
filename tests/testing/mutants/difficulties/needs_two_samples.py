"""Standardises, which one sample cannot be."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "one-sample"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        if len(samples) < 2:
            raise ZeroDivisionError("the standard deviation of one number")
        return replace(found, values=found.values - found.values.mean())
