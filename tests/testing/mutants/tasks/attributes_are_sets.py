"""Has an attribute that is no plain value."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "items-hashed"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        return replace(found, pool=(replace(found.pool[0], attributes={"towns": {"Arvik"}}), *found.pool[1:]))
