"""A temporary file that nobody removes."""

from __future__ import annotations

import tempfile

from fairforget.api import LossMethod

CAUGHT_BY = "writes-only-in-its-folder"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(b"begun")
        super().unlearn(run)
