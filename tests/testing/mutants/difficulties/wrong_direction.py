"""Says that a higher score is better."""

from __future__ import annotations

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "states-direction"


class Mutant(Healthy):
    higher_is = "better"
