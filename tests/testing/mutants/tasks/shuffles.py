"""Has its samples in another order at every call."""

from __future__ import annotations

import random
from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "corpus-same-twice"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        return replace(found, pool=tuple(random.sample(found.pool, len(found.pool))))
