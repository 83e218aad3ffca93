"""What stands behind the entry is no method."""

from __future__ import annotations

from fairforget import Entry, hookimpl

CAUGHT_BY = "loads"


class Mutant:
    def loss(self, model, batch):
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
