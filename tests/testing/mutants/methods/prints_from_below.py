"""A line past Python's own standard output."""

from __future__ import annotations

import os

from fairforget.api import LossMethod

CAUGHT_BY = "prints-nothing"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        os.write(1, b"unlearning\n")
        super().unlearn(run)
