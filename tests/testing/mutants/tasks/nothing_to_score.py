"""Has a sample without a completion."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "pool-is-scorable"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        return replace(found, pool=(replace(found.pool[0], completion=" "), *found.pool[1:]))
