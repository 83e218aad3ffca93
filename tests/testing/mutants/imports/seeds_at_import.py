"""The generators are seeded when the module is imported."""

from __future__ import annotations

import numpy as np

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

CAUGHT_BY = "imports-quietly"
np.random.seed(0)  # noqa: NPY002


class Mutant(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
