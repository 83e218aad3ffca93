"""Measures on a set that it does not have."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "columns-name-sets"


class Mutant(Healthy):
    def metrics(self):
        first, second = super().metrics()
        return [first, replace(second, on="retained")]
