"""Nobody's warnings are heard after it has run."""

from __future__ import annotations

import logging

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        logging.disable(logging.CRITICAL)
        super().unlearn(run)
