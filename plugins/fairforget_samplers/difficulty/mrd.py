"""Memory removal difficulty by antithetic Monte Carlo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.draws import MOST, Draws
from fairforget_samplers.difficulty.resolution import SECOND_ORDER

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Mrd(Difficulty):
    r"""Relative change of a sample's log-likelihood under small noise on all weights (``mrd.out.mean``).

    .. math::
        \mathrm{MRD}_i = \Big|\mathbb E_{\delta\sim\mathcal N(0,\sigma^2I)}
            \frac1{n_i}\sum_t\frac{P_t(\theta)-P_t(\theta+\delta)}{P_t(\theta)}\Big|

    Eq. 4 (Definition 3.1) of arXiv 2504.06658 with the absolute value outside the expectation, where its Theorem 3.2
    needs it; P is the log-likelihood of a token. A larger value is easier to unlearn: the sample's likelihood gives
    way to small changes of the weights. It is a pure number proportional to sigma².

    Every draw is an antithetic pair, (S(δ) + S(-δ)) / 2, in which the linear term cancels exactly; single draws of so
    small a sigma measure that term's noise. One draw serves all samples, so their errors are correlated. Pairs are
    added until the split-half reliability is reached; with fewer than ten samples it cannot be told, and all are made.
    The details name what was spent and found, and ``warnings``; ``rounding_share`` among them is the part of a typical
    value that float32 makes up, which no reliability shows.
    """

    higher_is = "easier"
    sigma: Annotated[float, "standard deviation of the noise on every weight", Field(gt=0)] = 1e-3
    reliability: Annotated[float, "split-half reliability at which the draws end", Field(gt=0, lt=1)] = 0.9
    max_forwards: Annotated[int, "forward passes over the samples, at most", Field(ge=5, le=MOST)] = 200
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None

    def passes(self) -> int:
        """A pass over the sample for the weights as they are, and two for each pair."""
        return 1 + 2 * ((self.max_forwards - 1) // 2)

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, or sigma is too small for them.
        """
        from fairforget.lm.change import RelativeChange

        found = Draws(
            name="mrd",
            measure=partial(RelativeChange, normalise=self.normalise),
            sigma=self.sigma,
            directions=(self.max_forwards - 1) // 2,
            resolution=SECOND_ORDER,
            antithetic=True,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
            until=self.reliability,
        ).score(model, samples, rng)
        details = {"variant": f"mrd.out.{self.normalise}", "pairs": found.details["directions"], **found.details}
        return replace(found, details=details)
