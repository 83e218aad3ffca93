"""Says that a higher value is up."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "states-direction"


class Mutant(Healthy):
    higher_is = "up"
