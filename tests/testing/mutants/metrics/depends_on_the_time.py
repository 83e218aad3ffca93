"""Depends on something else at every call."""

from __future__ import annotations

import time

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "says-what-it-depends-on"


class Mutant(Healthy):
    def depends_on(self):
        return {"when": time.perf_counter_ns()}
