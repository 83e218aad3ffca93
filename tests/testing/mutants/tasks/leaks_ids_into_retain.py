"""Keeps a sample that may be forgotten in the retain set too."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "splits-disjoint"


class Mutant(Healthy):
    def corpus(self):
        found = super().corpus()
        return replace(found, retain=(*found.retain, found.pool[0]))
