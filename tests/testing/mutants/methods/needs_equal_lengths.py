"""Rows of a batch are taken to be of one length."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "ragged-lengths"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        texts = batch.forget
        rows = [ids[mask.bool()] for ids, mask in zip(texts.input_ids, texts.attention_mask, strict=True)]
        assert torch.stack(rows).shape == texts.input_ids.shape
        return super().loss(model, batch)
