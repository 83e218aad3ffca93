"""Has a text of the pool in the holdout, under another name and in capitals."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "splits-disjoint"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        twin = replace(found.pool[3], id="twin", group="twins", completion=found.pool[3].completion.upper())
        return replace(found, holdout=(*found.holdout, twin))
