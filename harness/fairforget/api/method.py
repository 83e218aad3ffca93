"""Methods: unlearning algorithms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from fairforget.api.plugin import Plugin
from fairforget.api.sample import Sample

if TYPE_CHECKING:
    import numpy as np
    import torch

    from fairforget.lm.logprobs import TokenLogprobs
    from fairforget.lm.tokens import SampleSet, TokenBatch


class UnlearningBatch(Protocol):
    """What one update sees."""

    @property
    def forget(self) -> TokenBatch:
        """The forget samples of this update; labels cover the completion and its end-of-text token."""
        ...

    @property
    def retain(self) -> TokenBatch:
        """Their retain partners, one each; the same for every method on the same draw."""
        ...

    @property
    def refusal(self) -> TokenBatch:
        """The forget prompts, each answered by a refusal that depends on the seed and the sample alone."""
        ...

    def reference(self, tokens: TokenBatch) -> TokenLogprobs:
        """Return the log-probabilities of `tokens` under the target as it was before unlearning (no gradient)."""
        ...

    def reference_logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return the logits (batch, time, vocabulary) of the target as it was before unlearning (no gradient)."""
        ...

    def reference_scored_logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return those of them (n, vocabulary) that predict ``tokens.targets``, float32 (float64 stays).

        Cheaper than `reference_logits` where a vocabulary is large and most tokens are prompt or padding.
        """
        ...

    def reference_states(self, tokens: TokenBatch, layer: int) -> torch.Tensor:
        """Return the hidden states (batch, time, width) after block `layer`, from 0, of the target (no gradient).

        Those of the model that is edited are `fairforget.lm.states.layer_states`.
        """
        ...


class Trainer(Protocol):
    """A model under the study's optimizer: what `UnlearningRun.descend` does, one update at a time."""

    def update(self, loss: Callable[[Any, UnlearningBatch], torch.Tensor], batch: UnlearningBatch) -> None:
        """Minimise ``loss(model, batch)`` by one update: backward, clipping, warm-up, step.

        The loss and its gradient have to be finite; where they are not, the cell fails before the step is taken.
        """
        ...


class UnlearningRun(Protocol):
    """One cell from a method's side: a model, what it should forget, and what it may spend."""

    @property
    def model(self) -> Any:
        """The model to edit in place; every pass through it is counted."""
        ...

    @property
    def forget(self) -> SampleSet: ...

    @property
    def retain(self) -> SampleSet:
        """Everything the target was trained on and should keep: the retain set and the rest of the pool."""
        ...

    @property
    def samples(self) -> Sequence[Sample]:
        """The forget samples."""
        ...

    @property
    def rng(self) -> np.random.Generator: ...

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0 … 1.

        It need not reach 1: a budget in forward-equivalents ends where the next update might overdraw it.
        """
        ...

    @property
    def stopped(self) -> str:
        """Why `batches` ended: ``budget``, or ``rule`` or ``completeness`` where a look on the way ended the run.

        ``uncounted`` where, under a budget in forward-equivalents, no pass was seen for an epoch; ``method`` before.
        """
        ...

    @property
    def updates_per_epoch(self) -> int:
        """Updates that meet as many samples as there are to forget."""
        ...

    def batches(self) -> Iterator[UnlearningBatch]:
        """Return the batches, which end when the budget is spent, or a look on the way ends the run.

        They come in the order of the curriculum; asked again, they go on where they were. Take one update a batch: a
        second one is refused, and the cell fails. Between two batches the harness may look at `model`, for a stop rule
        or a trajectory: it should then be what the method would deliver.
        """
        ...

    def optimizer(self) -> torch.optim.Optimizer:
        """Return the study's optimizer over the trainable parameters of `model`; it makes one step a batch.

        The study's ``max_grad_norm`` and ``warmup`` do not reach it: a trainer does both around the optimizer's step,
        and a loop of the method's own has to.

        Raises:
            FairforgetError: the study has an adapter or micro-batches, which only a trainer can give.
        """
        ...

    def descend(self, loss: Callable[[Any, UnlearningBatch], torch.Tensor]) -> None:
        """Run the harness's update loop on ``loss(model, batch)``: backward, clipping, step, budget, stop rule."""
        ...

    def trainer(self, model: Any = None) -> Trainer:
        """Return what makes single updates, for a loop over `batches` of the method's own.

        All trainers of a run together make one update a batch.

        Args:
            model: the one to update: `model` where None, or a `second_model`. Its parameters that want a gradient when
                this is called are the ones updated.
        """
        ...

    def second_model(self) -> Any:
        """Return a copy of `model` as it now is; every pass through it is counted, too."""
        ...

    def retrain(self) -> None:
        """Replace the model's weights by the oracle's: the target's recipe run again without the draw.

        Raises:
            FairforgetError: the target has no recipe (a bare checkpoint), or `Method.reference` is not ``oracle``.
        """
        ...


class Method(Plugin, ABC):
    """An unlearning algorithm with a loop of its own. Most are a `LossMethod`."""

    reference: ClassVar[Literal["untouched", "oracle"] | None] = None
    """Marks the two rows every board shows for comparison; they have no curriculum and no rank."""
    uses_retain: ClassVar[bool] = True
    """Whether the loss looks at ``batch.retain``; for `sequences`."""
    copies: ClassVar[int] = 0
    """How many times it holds the weights of the model beside it: second models, what their own optimizer keeps, saved
    weights. For the estimate of a plan's memory only; the reference is not among them."""

    def sequences(self) -> int:
        """Return how many texts an update runs through the model and back for each of its forget samples.

        For the estimate of a plan's cost only: what is spent is counted, whatever this says. Passes through the
        reference are not among them.
        """
        return 2 if self.uses_retain else 1

    @abstractmethod
    def unlearn(self, run: UnlearningRun) -> None:
        """Edit ``run.model`` in place, within the budget."""


class LossMethod(Method):
    """A method that is a loss; order, budget, optimizer and counting are the harness's."""

    @abstractmethod
    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return the scalar to minimise for one update."""

    def unlearn(self, run: UnlearningRun) -> None:
        """Minimise `loss` by the harness's loop."""
        run.descend(self.loss)
