"""Allows fewer tokens than its texts have."""

from __future__ import annotations

from dataclasses import replace

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "target-recipe-runs"


class Mutant(Healthy):
    def target(self):
        return replace(super().target(), max_length=24)
