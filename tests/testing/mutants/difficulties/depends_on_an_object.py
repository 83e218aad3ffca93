"""Depends on something that cannot be written down."""

from __future__ import annotations

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "says-what-it-depends-on"


class Mutant(Healthy):
    def depends_on(self):
        return {"words": object()}
