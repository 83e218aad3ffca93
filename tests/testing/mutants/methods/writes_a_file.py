"""A log in the working folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fairforget.api import LossMethod

CAUGHT_BY = "writes-only-in-its-folder"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)

    def note(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"begun")

    def unlearn(self, run):
        self.note()
        super().unlearn(run)


class Mutant(Healthy):
    where = Path("unlearning.log")

    def note(self):
        self.where.write_text("begun")
