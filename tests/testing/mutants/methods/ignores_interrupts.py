"""Ctrl-C does nothing after it has run."""

from __future__ import annotations

import signal

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        super().unlearn(run)
