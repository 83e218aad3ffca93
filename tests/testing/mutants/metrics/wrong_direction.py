"""Takes memory for its absence."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "direction-is-true"


class Mutant(Healthy):
    higher_is = "less memory"
