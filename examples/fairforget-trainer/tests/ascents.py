"""A plugin file with one loss, minus that of forget, as Trainers come to it in all ways; given with ``--plugin``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from fairforget_trainer import TrainerMethod
from transformers import Trainer

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_methods():
    return [Entry(name, f"{__name__}:METHODS.{name.replace('-', '_')}") for name in NAMES]


class Plain(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):
        outputs = model(**inputs["forget"])
        return (-outputs.loss, outputs) if return_outputs else -outputs.loss


class OfTransformers(Trainer):
    """Signature and loss of transformers itself."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        loss, outputs = super().compute_loss(model, inputs["forget"], True, num_items_in_batch)
        return (-loss, outputs) if return_outputs else -loss


class Demanding(Trainer):
    def compute_loss(self, model, inputs, num_items_in_batch, return_outputs=False):
        assert num_items_in_batch is None  # of a batch with two sides transformers gives no number
        return -model(**inputs["forget"]).loss


class Keywords(Trainer):
    def compute_loss(self, model, inputs, **kwargs):
        assert kwargs == {"num_items_in_batch": None}
        return -model(**inputs["forget"]).loss


class Positions(Trainer):
    """Takes the loss by its place, and returns outputs that nobody asked for."""

    def compute_loss(self, model, inputs, return_outputs=False):
        outputs = model(**inputs["forget"])
        return -outputs[0], outputs


class NoDict(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):
        loss, logits = model(**inputs["forget"], return_dict=False)[:2]
        assert logits.dim() == 3
        return -loss


class Popping(Trainer):
    """Takes the batch apart, as one may with a dict of one's own."""

    def compute_loss(self, model, inputs, return_outputs=False):
        inputs.pop("retain", None)
        (forget,) = inputs.values()
        labels = forget.pop("labels")
        logits = model(**forget).logits
        return -self.model.loss_function(logits=logits, labels=labels, vocab_size=logits.shape[-1])


class Preparing(Trainer):
    """Overrides what `training_step` calls before and around the loss."""

    def _prepare_inputs(self, inputs):
        return {**super()._prepare_inputs(inputs), "prepared": True}

    @contextmanager
    def compute_loss_context_manager(self):
        self.inside = True
        yield
        self.inside = False

    def compute_loss(self, model, inputs, return_outputs=False):
        assert inputs["prepared"]
        assert self.inside
        return -model(**inputs["forget"]).loss


def method(kind: type[Trainer]) -> type[TrainerMethod]:
    def trainer(self: Any, **common: Any) -> Trainer:
        return kind(**common)

    return type(kind.__name__, (TrainerMethod,), {"__doc__": "Ascent.", "trainer": trainer, "__module__": __name__})


class METHODS:
    plain, of_transformers, demanding, keywords = map(method, (Plain, OfTransformers, Demanding, Keywords))
    positions, no_dict, popping, preparing = map(method, (Positions, NoDict, Popping, Preparing))


NAMES = [name.replace("_", "-") for name in vars(METHODS) if not name.startswith("_")]
