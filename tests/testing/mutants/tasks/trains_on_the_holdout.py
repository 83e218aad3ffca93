"""Trains the target on the holdout."""

from __future__ import annotations

from dataclasses import replace

from fairforget.api import TrainingText
from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "training-fits"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        more = [TrainingText(s.id, s.prompt, s.completion) for s in found.holdout]
        return replace(found, training=(*found.training_texts(), *more))
