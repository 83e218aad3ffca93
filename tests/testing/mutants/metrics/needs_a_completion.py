"""Fails on a completion without a token."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "copes-with-nothing"


class Mutant(Healthy):
    def measure(self, subject):
        assert all(len(logprobs) for logprobs in subject.logprobs())
        return super().measure(subject)
