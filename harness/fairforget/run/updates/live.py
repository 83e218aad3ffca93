"""One cell from the method's side, and the update loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget.lm.tokens import SampleSet, TokenBatch
from fairforget.run.counting.ledger import Ledger
from fairforget.run.looks.path import Path
from fairforget.run.seeds import integer, stream
from fairforget.run.updates.batch import LiveBatch
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget.run.updates.trainer import ModelTrainer


@dataclass(eq=False)
class LiveRun:
    """An `fairforget.api.UnlearningRun`: the loop, the order, the budget and the counting are here."""

    model: Any
    forget: SampleSet
    retain: SampleSet
    order: Order
    budget: Budget
    settings: dict[str, Any]
    """The optimizer of the cell."""
    ledger: Ledger
    reference: Reference
    score: Callable[[int], np.ndarray]
    """Scores the forget samples on the model as it is, for the curriculum; the argument is the epoch."""
    refusals: Callable[[Sequence[int]], SampleSet]
    """The forget samples at these positions with a refusal as completion."""
    oracle: Callable[[], None]
    """Loads the oracle's weights into the model."""
    path: Path = field(default_factory=Path)
    """What is looked at between updates, and may end the run."""
    unseen: int = field(default=0, init=False)
    """Updates in which the ledger saw no pass."""
    stopped: str = field(default="method", init=False)
    """Why the method ended: ``budget``, ``rule`` (counts as forgotten), ``completeness`` (reached), ``oracle``, or
    ``method`` (took no batches)."""
    _batch: LiveBatch | None = field(default=None, init=False)
    _trainers: int = field(default=0, init=False)

    @property
    def samples(self) -> Sequence[Sample]:
        """The forget samples."""
        return [s.sample for s in self.forget]

    @cached_property
    def rng(self) -> np.random.Generator:
        """A stream of the cell's own; the same for every method on this draw and seed."""
        return stream(*self.order.identity, "method")

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0 … 1."""
        return self.budget.spent(self.ledger, self.order.updates_per_epoch)

    @property
    def updates_per_epoch(self) -> int:
        """Updates that meet as many samples as there are to forget."""
        return self.order.updates_per_epoch

    def optimizer(self) -> torch.optim.Optimizer:
        """Return the study's optimizer over the trainable parameters.

        Raises:
            FairforgetError: the study wants an adapter, or batches in parts, which only a trainer can give.
        """
        for key in ("adapter", "micro_batch_size"):
            if self.settings.get(key) is not None:
                msg = f"optimizer.{key} does not reach a loop of the method's own; let it call run.trainer().update()"
                raise FairforgetError(msg)
        return ModelTrainer(self.model, self.settings, (*self.order.identity, "optimizer"), self._seen).optimizer

    def batches(self) -> Iterator[LiveBatch]:
        """Yield one batch an update until the budget is spent or a look along the path ends the run."""
        device = next(self.model.parameters()).device
        per_epoch = self.order.updates_per_epoch
        dearest = 0
        order = self.order.epochs(self._score, lambda: self.budget.spent(self.ledger, per_epoch))
        self.stopped = "budget"
        while not self.path.ended and self.budget.allows(self.ledger, per_epoch, dearest):
            positions, partners = next(order)
            if not self.budget.allows(self.ledger, per_epoch, dearest):
                return  # a refresh of the curriculum's scores spent what was left
            before = self.ledger.forward_equivalents
            self._batch = LiveBatch(
                self.forget.take(positions),
                self.retain.take(partners),
                partial(self.refusals, positions),
                self.reference,
                device,
            )
            yield self._batch
            self.ledger.updates += 1
            self.order.visit(positions)
            spent = self.ledger.forward_equivalents - before
            dearest, self.unseen = max(dearest, spent), self.unseen + (spent == 0)
            self.path.step(self.model, self.ledger, per_epoch)
        self.stopped = self.path.ended or "budget"

    def descend(self, loss: Callable[[Any, LiveBatch], torch.Tensor]) -> None:
        """Minimise ``loss(model, batch)`` over the batches.

        Raises:
            UnlearningFailed: the loss or its gradient is not finite; the update is not taken.
        """
        trainer = self.trainer()
        try:
            for batch in self.batches():
                trainer.update(loss, batch)
        finally:
            self.model.eval()

    def trainer(self, model: Any = None) -> ModelTrainer:
        """Return what updates `model`, this run's own where None, by the study's optimizer."""
        self._trainers += 1
        identity = (*self.order.identity, "trainer", self._trainers)
        return ModelTrainer(self.model if model is None else model, self.settings, identity, self._seen)

    def second_model(self) -> Any:
        """Return a copy of the model as it now is; the ledger counts its passes."""
        return copy.deepcopy(self.model)

    def retrain(self) -> None:
        """Replace the weights by the oracle's."""
        with self.ledger.aside():  # what it takes depends on what the cache holds
            self.oracle()
        self.stopped = "oracle"

    def _seen(self) -> list[TokenBatch]:
        return [] if self._batch is None else self._batch.seen()

    def _score(self, epoch: int) -> np.ndarray:
        was_training = self.model.training
        self.model.eval()
        try:
            with self.ledger.phase("difficulty"):
                return self.score(epoch)
        finally:
            self.model.train(was_training)


def refusal_positions(identity: tuple[str | int, ...], samples: Sequence[Sample]) -> list[int]:
    """Return a number for each sample that picks its refusal, from the cell's identity and the sample's id alone."""
    return [integer(*identity, "refusal", sample.id) for sample in samples]
