"""A file is written when the module is imported."""

from __future__ import annotations

from pathlib import Path

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

CAUGHT_BY = "imports-quietly"
Path("mutant.log").write_text("imported", encoding="utf-8")


class Mutant(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
