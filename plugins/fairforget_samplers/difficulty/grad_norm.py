"""Norm of the gradient of a sample's loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.gradient import GradientScore

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class GradNorm(Difficulty):
    r""":math:`\lVert\nabla_\theta\,\mathrm{NLL}_i\rVert`, over all weights; no source, the baseline for ``mrd-grad``.

    A larger value is easier to unlearn: the first step of gradient ascent raises the loss by the square of it. In nats
    a token, or in nats with ``sum``, per unit of weight.
    """

    higher_is = "easier"
    normalise: Annotated[Literal["mean", "sum"], "the loss over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    layers: Annotated[
        Literal["all", "adapters", "base"] | Sequence[str], "weights that count, or patterns of their names"
    ] = "all"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None
    memory: Annotated[
        int | None, "MiB for a pass's activations where batch_tokens is null; null = a quarter of all", Field(ge=1)
    ] = None

    @property
    def unit(self) -> str:
        """Nats, a token or in all, per unit of weight."""
        return "nat/token per unit of weight" if self.normalise == "mean" else "nat per unit of weight"

    def passes(self) -> int:
        """One forward and one backward pass."""
        return 3

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, layers do not exist, or memory is too little.
        """
        scores = GradientScore(
            name="grad-norm",
            objective=lambda found: found.nll(self.normalise),
            layers=self.layers,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
            memory=self.memory,
        ).score(model, samples)
        return replace(scores, details={"normalise": self.normalise, **scores.details})
