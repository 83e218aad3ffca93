"""How far the predictions move under noise on the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.draws import MOST, Draws
from fairforget_samplers.difficulty.resolution import FIRST_ORDER

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class MrdKl(Difficulty):
    r"""Divergence of the predictions under small noise on the weights (``mrd.kl``).

    .. math::
        \mathbb E_{\delta\sim\mathcal N(0,\sigma^2I)}\frac1{n_i}\sum_t\mathrm{KL}\big(
            p_\theta(\cdot\mid x_{<t})\,\Vert\,p_{\theta+\delta}(\cdot\mid x_{<t})\big)
            \;\approx\;\frac{\sigma^2}{2n_i}\sum_t\mathrm{Tr}F_t

    The form of MRD in terms of a divergence, derived here: reviews of arXiv 2504.06658 speak of one without a formula.
    F is the Fisher matrix of a token's prediction. It does not look at the label, only at how firmly the model predicts
    after the true text. A larger value is easier to unlearn, as with ``mrd``: the predictions give way to small changes
    of the weights. In nats a token, proportional to sigma².

    The divergence is that of the whole vocabulary. It is never negative, so single directions are as good as pairs, and
    few are enough. All samples share the directions. A large set is scored in portions, each with the same directions,
    so that the predictions that are kept take no more memory than the model.
    """

    higher_is = "easier"
    unit = "nat/token"
    sigma: Annotated[float, "standard deviation of the noise on every weight", Field(gt=0)] = 1e-3
    draws: Annotated[int, "directions, each one forward pass over the samples", Field(ge=1, le=MOST)] = 50
    layers: Annotated[
        Literal["all", "adapters", "base"] | Sequence[str], "weights that are moved, or patterns of their names"
    ] = "all"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None

    def passes(self) -> int:
        """A pass for the weights as they are, and one for each direction."""
        return 1 + self.draws

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, sigma is too small for them, or `layers` are none.
        """
        from fairforget.lm.divergence import Divergence, portions

        found = Draws(
            name="mrd-kl",
            measure=partial(Divergence, normalise="mean"),
            sigma=self.sigma,
            directions=self.draws,
            resolution=FIRST_ORDER,
            layers=self.layers,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
            portions=portions,
            unusable="a logit of the model is not finite",
        ).score(model, samples, rng)
        return replace(found, details={"variant": "mrd.kl", **found.details})
