"""The loss of a whole batch from a model that is run a few rows at a time."""

from __future__ import annotations

from typing import Any


class WholeLoss:
    """Computes ``outputs.loss`` from the logits of all rows.

    Under ``optimizer.micro_batch_size`` the model runs parts of a batch. A mean over the tokens of a part is not the
    mean over the tokens of the batch, so the loss is taken after the parts are put together again.
    """

    def __init__(self, model: Any) -> None:
        """Take what the harness hands to a loss."""
        self._model = model

    def __call__(self, *, labels: Any = None, **inputs: Any) -> Any:
        """Run the batch; as the model's own ``forward``."""
        outputs = self._model(**{"use_cache": False, **inputs})  # parts of a cache cannot be put together
        if labels is not None:
            outputs["loss"] = self._model.loss_function(
                logits=outputs.logits, labels=labels, vocab_size=outputs.logits.shape[-1]
            )
        return outputs

    def __getattr__(self, name: str) -> Any:
        if name == "_model":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self._model, name)
