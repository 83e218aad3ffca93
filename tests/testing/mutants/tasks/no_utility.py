"""Measures what is forgotten and nothing that is kept."""

from __future__ import annotations

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "metrics-have-directions"


class Mutant(Healthy):
    def metrics(self):
        return [use for use in super().metrics() if use.role != "utility"]
