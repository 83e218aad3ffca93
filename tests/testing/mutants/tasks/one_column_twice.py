"""Has two columns of one name."""

from __future__ import annotations

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "metrics-have-directions"


class Mutant(Healthy):
    def metrics(self):
        return [*super().metrics(), super().metrics()[0]]
