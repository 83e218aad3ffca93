"""Texts that nobody gave it go through the model."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "uses-forget-only-as-given"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return super().loss(model, batch) + self.texts.batch(eos=True).nll(model)

    def unlearn(self, run):
        corpus = run.forget.corpus
        self.texts = run.forget.encoder.encode(corpus.holdout[:2], corpus)
        super().unlearn(run)
