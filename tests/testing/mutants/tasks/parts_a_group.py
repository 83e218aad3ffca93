"""Has one fact about a person in the pool and one in the retain set."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "groups-whole"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        return replace(found, pool=found.pool[1:], retain=(*found.retain, found.pool[0]))
