"""A greeting when the module is imported."""

from __future__ import annotations

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

CAUGHT_BY = "imports-quietly"
print("this is mutant 1.0")  # noqa: T201


class Mutant(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
