"""Leaves the tokenizer padding on the other side."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "leaves-model-alone"


class Mutant(Healthy):
    def measure(self, subject):
        subject.tokenizer.padding_side = "left" if subject.tokenizer.padding_side == "right" else "right"
        return super().measure(subject)
