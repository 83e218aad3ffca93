"""Keeps a file of its own in the folder of fairforget's cache."""

from __future__ import annotations

from fairforget.api import LossMethod
from fairforget.paths import cache_folder

CAUGHT_BY = "writes-only-in-its-folder"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        (cache_folder() / "mine.txt").write_text("for the next cell")
        super().unlearn(run)
