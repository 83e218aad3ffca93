"""What the callbacks of a Trainer hear while the harness makes the updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

    from transformers import Trainer


class Events:
    """Tells a Trainer's callbacks of steps and epochs, and keeps its ``state``.

    ``state.max_steps`` stays unknown (-1): a budget in forward-equivalents does not say beforehand how many there are.
    """

    def __init__(self, trainer: Trainer, updates_per_epoch: int) -> None:
        """Take a Trainer; the callbacks of its own loop and of its printing leave."""
        from transformers.trainer_callback import DefaultFlowCallback, PrinterCallback, ProgressCallback

        for callback in (DefaultFlowCallback, PrinterCallback, ProgressCallback):
            trainer.remove_callback(callback)
        trainer.state.max_steps = -1
        self._trainer = trainer
        self._per_epoch = updates_per_epoch

    def __enter__(self) -> Self:
        self._tell("on_train_begin")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        if kind is None:
            if self._trainer.state.global_step % self._per_epoch:
                self._tell("on_epoch_end")
            self._tell("on_train_end")

    def begin(self) -> None:
        """Tell of a step, and of an epoch where one begins."""
        if self._trainer.state.global_step % self._per_epoch == 0:
            self._tell("on_epoch_begin")
        self._tell("on_step_begin")

    def end(self) -> None:
        """Tell that the step was made, and the epoch where it was the last one of it."""
        state = self._trainer.state
        state.global_step += 1
        state.epoch = state.global_step / self._per_epoch
        self._tell("on_step_end")
        if state.global_step % self._per_epoch == 0:
            self._tell("on_epoch_end")

    def _tell(self, event: str) -> None:
        trainer = self._trainer
        handler: Any = trainer.callback_handler
        trainer.control = getattr(handler, event)(trainer.args, trainer.state, trainer.control)
