"""Computes where it should only announce."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "hints-are-hints"


class Mutant(Healthy):
    def announce(self, subject):
        subject.logprobs()
