"""A thread that watches on after the cell has ended."""

from __future__ import annotations

import threading

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
        super().unlearn(run)
