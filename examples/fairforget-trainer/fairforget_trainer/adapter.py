"""A `transformers.Trainer` as a method: its loss, under fairforget's loop."""

from __future__ import annotations

import inspect
import random
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from fairforget import FairforgetError
from fairforget.api import Method

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

    from fairforget.api import UnlearningBatch, UnlearningRun

OWNED = frozenset(
    """
    create_optimizer create_optimizer_and_scheduler create_scheduler get_batch_samples get_decay_parameter_names
    get_optimizer_cls_and_kwargs get_train_dataloader _clip_grad_norm _get_train_sampler _inner_training_loop _run_epoch
    train training_step
    """.split()
)
"""What a Trainer would do itself, and the harness does here: an override of it would not be run."""


class TrainerMethod(Method):
    """A method whose loss is ``compute_loss(model, inputs)`` of a Trainer.

    Order, retain partners, budget, optimizer, clipping, micro-batches and counting are the harness's: ``train`` of the
    Trainer is never called. Its callbacks hear of every step and epoch; what it logs is kept in its ``state`` and
    printed nowhere. Copies of the model that it makes, for a reference, are counted as the model is.

    Derive, with the Trainer's own settings as options, and return the Trainer from `trainer`::

        @dataclass(frozen=True)
        class Mine(TrainerMethod):
            gamma: Annotated[float, "weight of the forget loss"] = 1.0

            def trainer(self, **common: Any) -> Trainer:
                return MyTrainer(gamma=self.gamma, **common)
    """

    alternates: ClassVar[bool] = False
    """Whether ``inputs["forget"]`` has the halves ``original`` and ``alternate`` (a refusal), as for DPO."""
    handled: ClassVar[frozenset[str]] = frozenset()
    """Overrides of `OWNED` whose purpose the method serves otherwise; `trained` is how for ``create_optimizer``."""

    @abstractmethod
    def trainer(self, **common: Any) -> Trainer:
        """Return the Trainer; `common` is ``model`` and ``args``, to be passed on to `transformers.Trainer`."""

    def trained(self, name: str) -> bool:
        """Return whether the parameter of this name is to be updated; all are unless a method says otherwise."""
        return True

    def unlearn(self, run: UnlearningRun) -> None:
        """Minimise the Trainer's loss over the batches of the run.

        Raises:
            FairforgetError: the Trainer overrides what the harness does itself.
        """
        from fairforget_trainer.events import Events

        with TemporaryDirectory() as folder, _flags_kept(run.model):
            trainer = self._make(run, folder)
            _check(trainer, self.handled)
            for name, parameter in run.model.named_parameters():
                if not self.trained(name):
                    parameter.requires_grad_(False)
            updates = run.trainer()
            with Events(trainer, run.updates_per_epoch) as events:
                for batch in run.batches():
                    events.begin()
                    updates.update(lambda model, batch: self._loss(trainer, model, batch), batch)
                    events.end()
                    if trainer.control.should_training_stop:
                        break
        run.model.eval()

    def _make(self, run: UnlearningRun, folder: str) -> Trainer:
        from transformers import TrainingArguments

        device = next(run.model.parameters()).device
        with _generators_kept([device] if device.type == "cuda" else []):  # the constructor seeds them all
            args = TrainingArguments(
                output_dir=folder,
                report_to="none",
                disable_tqdm=True,
                save_strategy="no",
                use_cpu=device.type == "cpu",
                seed=int(run.rng.integers(2**31)),
            )
            return self.trainer(model=run.model, args=args)

    def _loss(self, trainer: Trainer, model: Any, batch: UnlearningBatch) -> Any:
        from fairforget_trainer.inputs import inputs_of
        from fairforget_trainer.whole_loss import WholeLoss

        given = model if model is trainer.model else WholeLoss(model)
        inputs = inputs_of(batch, alternates=self.alternates, retain=self.uses_retain)
        # From here as `training_step` does it. A batch of two sides has no count of items, there or here.
        inputs = trainer._prepare_inputs(inputs)  # noqa: SLF001 - what a Trainer may override
        takes = inspect.signature(trainer.compute_loss).parameters.values()
        counted = any(p.name == "num_items_in_batch" or p.kind is p.VAR_KEYWORD for p in takes)
        compute_loss: Any = trainer.compute_loss
        with trainer.compute_loss_context_manager():
            found = compute_loss(given, inputs, **({"num_items_in_batch": None} if counted else {}))
        return found[0] if isinstance(found, tuple) else found


def _check(trainer: Trainer, handled: frozenset[str]) -> None:
    from transformers import Trainer

    kind = type(trainer)
    own = sorted(n for n in OWNED - handled if getattr(kind, n, None) is not getattr(Trainer, n, None))
    own += [n for n in ("optimizer", "lr_scheduler") if n not in handled and getattr(trainer, n, None) is not None]
    if own:
        msg = (
            f"{kind.__name__} overrides {', '.join(own)}, which fairforget does itself and would not call; move what "
            "it does into compute_loss or the constructor, or derive from fairforget.api.Method and write the loop"
        )
        raise FairforgetError(msg)


@contextmanager
def _flags_kept(model: Any) -> Iterator[None]:
    """Leave ``requires_grad`` of every parameter as it was."""
    before = [(p, p.requires_grad) for p in model.parameters()]
    try:
        yield
    finally:
        for parameter, flag in before:
            parameter.requires_grad_(flag)


@contextmanager
def _generators_kept(devices: list[torch.device]) -> Iterator[None]:
    """Leave the global generators of Python, numpy and torch, there and on these devices, as they were."""
    import numpy as np
    import torch

    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the state that a Trainer changes
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
