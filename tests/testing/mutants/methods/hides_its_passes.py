"""Products with the weights, written out by hand."""

from __future__ import annotations

import torch
from torch.nn import functional

from fairforget.api import LossMethod, Method

CAUGHT_BY = "ledger-complete"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Method):
    def unlearn(self, run):
        weight = run.model.get_input_embeddings().weight
        for batch in run.batches():
            texts = batch.forget
            logits = functional.embedding(texts.input_ids, weight) @ weight.T
            loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), texts.labels[:, 1:].flatten())
            (gradient,) = torch.autograd.grad(-loss, weight)
            with torch.no_grad():
                weight.sub_(0.01 * gradient)
