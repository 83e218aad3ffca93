"""The loss of a whole batch from a model that is run a few rows at a time."""

from __future__ import annotations

from typing import Any, Final

from fairforget import FairforgetError

OWN: Final = ("accelerate.", "fairforget.", "peft.", "torch.", "transformers.")
"""Whose hooks know of parts, or do not look at rows."""


class WholeLoss:
    """Computes ``outputs.loss`` from the logits of all rows.

    Under ``optimizer.micro_batch_size`` the model runs parts of a batch. A mean over the tokens of a part is not the
    mean over the tokens of the batch, so the loss is taken after the parts are put together again.
    """

    def __init__(self, model: Any) -> None:
        """Take what the harness hands to a loss."""
        self._model = model

    def __call__(self, *, labels: Any = None, return_dict: bool | None = None, **inputs: Any) -> Any:
        """Run the batch; as the model's own ``forward``.

        Raises:
            FairforgetError: a hook inside the model would see a part of the batch at a time.
        """
        if hooks := _hooks(self._model):
            msg = (
                f"under optimizer.micro_batch_size, the forward hook on {hooks[0]} sees a part of the batch; take "
                "states from model(…, output_hidden_states=True), or leave micro_batch_size out"
            )
            raise FairforgetError(msg)
        outputs = self._model(**{"use_cache": False, **inputs})  # parts of a cache cannot be put together
        if labels is not None:
            loss = self._model.loss_function(logits=outputs.logits, labels=labels, vocab_size=outputs.logits.shape[-1])
            outputs = type(outputs)(**{**outputs, "loss": loss})  # made anew, for the loss is the first of them
        return outputs.to_tuple() if return_dict is False else outputs

    def __getattr__(self, name: str) -> Any:
        if name == "_model":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self._model, name)


def _hooks(model: Any) -> list[str]:
    """Return the kinds of the modules that have forward hooks of the Trainer's own."""
    return [
        type(module).__name__
        for module in model.modules()
        for hook in module._forward_hooks.values()  # noqa: SLF001 - torch has no other list of them
        if not str(getattr(hook, "__module__", "")).startswith(OWN)
    ]
