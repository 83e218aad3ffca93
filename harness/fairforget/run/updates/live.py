"""One cell from the method's side, and the update loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from weakref import WeakSet

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
from fairforget.run.updates.steps import Steps
from fairforget.run.updates.tally import Tally
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
    oracle: Callable[[], None] | None
    """Loads the oracle's weights into the model; None for a method that is not the oracle's row."""
    path: Path = field(default_factory=Path)
    """What is looked at between updates, and may end the run."""
    copy_of: Callable[[Any], Any] = copy.deepcopy
    """Copies the model, which may be split over processes."""
    tally: Tally = field(init=False)
    stopped: str = field(default="method", init=False)
    """Why the method ended: ``budget``, ``rule`` (counts as forgotten), ``completeness`` (reached), ``oracle``,
    ``uncounted`` (an epoch in which the ledger saw nothing, under a budget in forward-equivalents), ``elsewhere`` (the
    model came back), or ``method`` (it took no batch, or left some of its budget)."""
    steps: Steps = field(init=False)
    models: WeakSet[Any] = field(default_factory=WeakSet, init=False)
    """The model and its copies."""
    scoring: int = field(default=0, init=False)
    """Forward-equivalents of the last scoring for the curriculum."""
    _stream: Iterator[LiveBatch] | None = field(default=None, init=False)
    _batch: LiveBatch | None = field(default=None, init=False)
    _positions: Sequence[int] = field(default=(), init=False)
    """The forget samples of the batch."""
    _trainers: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start counting."""
        self.tally = Tally(self.ledger)
        self.steps = Steps(self.tally)
        self.models.add(self.model)

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
        """Return the study's optimizer over the trainable parameters, at the study's learning rate; one step a batch.

        Clipping (``max_grad_norm``) and ``warmup`` are what a trainer does around a step. They are not in it.

        Raises:
            FairforgetError: the study wants an adapter, or batches in parts, which only a trainer can give.
        """
        for key in ("adapter", "micro_batch_size"):
            if self.settings.get(key) is not None:
                msg = f"optimizer.{key} does not reach a loop of the method's own; let it call run.trainer().update()"
                raise FairforgetError(msg)
        made = ModelTrainer(self.model, self.settings, (*self.order.identity, "optimizer"), self._seen).optimizer
        self.steps.follow(made)
        return made

    def batches(self) -> Iterator[LiveBatch]:
        """Return the batches, one an update, until the budget is spent or a look along the path ends the run.

        There is one stream a run: asked again, it goes on where it was.
        """
        if self._stream is None:
            self._stream = self._hand_out()
        return self._stream

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
        """Return what updates `model`, this run's own where None, by the study's optimizer.

        All trainers of a run together make one update a batch.
        """
        self._trainers += 1
        identity = (*self.order.identity, "trainer", self._trainers)
        made = ModelTrainer(self.model if model is None else model, self.settings, identity, self._seen)
        self.steps.follow(made.optimizer)
        return made

    def second_model(self) -> Any:
        """Return a copy of the model as it now is; the ledger counts its passes."""
        copied = self.copy_of(self.model)
        self.models.add(copied)
        return copied

    def retrain(self) -> None:
        """Replace the weights by the oracle's.

        Raises:
            FairforgetError: the method is not the oracle's row of a board: it would have its weights for nothing.
        """
        if self.oracle is None:
            msg = (
                'run.retrain() gives the oracle\'s weights, and only a method with reference = "oracle" may have them; '
                "take the call out"
            )
            raise FairforgetError(msg)
        with self.ledger.aside():  # what it takes depends on what the cache holds
            self.oracle()
        self.stopped = "oracle"

    def finish(self, *, unused: bool) -> None:
        """Finish the update of the batch that is out, if one is; for `unused` see `Tally.close`."""
        if self.tally.close(unused=unused):
            self.order.visit(self._positions)

    def let_go(self) -> None:
        """End the stream of batches, which holds the run and with it its models."""
        self._stream = None

    def _hand_out(self) -> Iterator[LiveBatch]:
        device = next(self.model.parameters()).device
        per_epoch = self.order.updates_per_epoch
        order = self.order.epochs(self._score, lambda: self.progress)
        while not self.path.ended and self._may_go_on():
            drawn = next(order, None)
            if drawn is None or not self._may_go_on():
                break  # the curriculum's scores spent what was left, or would have
            self._positions, partners = drawn
            self._batch = LiveBatch(
                self.forget.take(self._positions),
                self.retain.take(partners),
                partial(self.refusals, self._positions),
                self.reference,
                device,
            )
            self.tally.open(self._positions)
            yield self._batch
            self.finish(unused=False)
            self.path.step(self.model, self.ledger, per_epoch)
        blind = self._blind() and self.budget.allows(self.ledger, per_epoch, self.tally.dearest)
        self.stopped = self.path.ended or ("uncounted" if blind else "budget")

    def _may_go_on(self) -> bool:
        allowed = self.budget.allows(self.ledger, self.order.updates_per_epoch, self.tally.dearest)
        return allowed and not self._blind()

    def _blind(self) -> bool:
        """Return whether a budget in forward-equivalents would last for ever, because none are seen."""
        return self.budget.kind == "forward_equivalents" and self.tally.in_a_row >= self.order.updates_per_epoch

    def _seen(self) -> list[TokenBatch]:
        return [] if self._batch is None else self._batch.seen()

    def _score(self, epoch: int) -> np.ndarray | None:
        """Score for the curriculum; None where a scoring as dear as the last would leave nothing for an update."""
        if not self.budget.affords(self.ledger, self.scoring + self.tally.dearest):
            return None
        was_training, before = self.model.training, self.ledger.forward_equivalents
        self.model.eval()
        try:
            with self.ledger.phase("difficulty"):
                return self.score(epoch)
        finally:
            self.scoring = self.ledger.forward_equivalents - before
            self.model.train(was_training)


def refusal_positions(identity: tuple[str | int, ...], samples: Sequence[Sample]) -> list[int]:
    """Return a number for each sample that picks its refusal, from the cell's identity and the sample's id alone."""
    return [integer(*identity, "refusal", sample.id) for sample in samples]
