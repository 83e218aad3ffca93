"""Makes another target at every call."""

from __future__ import annotations

import random
from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "same-in-another-process"


class Mutant(Healthy):
    def target(self):
        found = super().target()
        return replace(found, training=replace(found.training, learning_rate=random.SystemRandom().random()))
