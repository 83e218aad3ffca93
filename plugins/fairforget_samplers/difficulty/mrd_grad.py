"""Memory removal difficulty in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.gradient import GradientScore

if TYPE_CHECKING:
    import numpy as np
    import torch

    from fairforget.lm.logprobs import TokenLogprobs
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class MrdGrad(Difficulty):
    r"""The small-noise limit of Eq. 4 with the absolute value inside the expectation (``mrd.grad``).

    .. math::
        \mathbb E_\delta\Big|\frac1{n_i}\sum_t\frac{P_t(\theta)-P_t(\theta+\delta)}{P_t(\theta)}\Big|
        \;\to\; \sigma\sqrt{2/\pi}\,\Big\lVert\nabla_\theta\frac1{n_i}\sum_t\frac{P_t}{|P_t(\theta_0)|}\Big\rVert

    From Eq. 4 of arXiv 2504.06658 by first-order expansion: one forward and one backward pass a sample, no draws, no
    error bars. A pure number, proportional to sigma, which therefore changes no rank. A larger value is read as easier
    to unlearn, as with ``mrd``; but it is another quantity, on texts of ragged length mostly the inverse of the length,
    and may rank samples the other way round. Report both.
    """

    higher_is = "easier"
    sigma: Annotated[float, "standard deviation of the noise on every weight", Field(gt=0)] = 1e-3
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    layers: Annotated[
        Literal["all", "adapters", "base"] | Sequence[str], "weights with noise, or patterns of their names"
    ] = "all"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None
    memory: Annotated[
        int | None, "MiB for a pass's activations where batch_tokens is null; null = a quarter of all", Field(ge=1)
    ] = None

    def passes(self) -> int:
        """One forward and one backward pass."""
        return 3

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, layers do not exist, or memory is too little.
        """
        scores = GradientScore(
            name="mrd-grad",
            objective=self._objective,
            factor=self.sigma * math.sqrt(2 / math.pi),
            layers=self.layers,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
            memory=self.memory,
        ).score(model, samples)
        details = {"variant": "mrd.grad", "normalise": self.normalise, "sigma": self.sigma, **scores.details}
        return replace(scores, details=details)

    def _objective(self, found: TokenLogprobs) -> torch.Tensor:
        import torch

        before = found.values.detach().abs().clamp_min(torch.finfo(found.values.dtype).tiny)
        share = found.mask / before
        if self.normalise == "mean":
            share = share / found.mask.sum(-1, keepdim=True).clamp_min(1)
        return (found.values * share).sum(-1)
