"""The first metric of the paper: one direction, absolute change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.draws import Draws
from fairforget_samplers.difficulty.resolution import FIRST_ORDER

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class MrdInitial(Difficulty):
    r"""Absolute change of a sample's log-likelihood along one random direction (``mrd.initial``).

    .. math::
        \mathrm{MRD}_{0,i}=\Big|\sum_t P_t(\theta)-\sum_t P_t(\theta+\delta)\Big|,
            \qquad\delta\sim\mathcal N(0,\sigma^2I)\ \text{drawn once}

    Eq. 3 of arXiv 2504.06658, which Eq. 4 replaces, for two faults that can be seen here: one direction says little,
    and an absolute change grows with the length of the text. That its bars are an absolute value is a reading. Along
    one direction the value is the size of a normal variable of standard deviation
    :math:`\sigma\lVert\nabla\sum_t P_t\rVert`, so another seed gives other ranks. It is random, and one draw tells no
    error: the standard errors are NaN, and ``binned`` bins by it only with ``min_reliability: 0``. In nats,
    proportional to sigma. A larger value is read as easier to unlearn, as with ``mrd``.
    """

    higher_is = "easier"
    unit = "nat"
    sigma: Annotated[float, "standard deviation of the noise on every weight", Field(gt=0)] = 1e-3
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None

    def passes(self) -> int:
        """A pass for the weights as they are, and one for the direction."""
        return 2

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by two forward passes each; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, or sigma is too small for them.
        """
        from fairforget.lm.change import AbsoluteChange

        found = Draws(
            name="mrd-initial",
            measure=partial(AbsoluteChange, normalise="sum"),
            sigma=self.sigma,
            directions=1,
            resolution=FIRST_ORDER,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
        ).score(model, samples, rng)
        warnings = [*found.details["warnings"], "mrd-initial: one direction; another seed ranks the samples otherwise"]
        details = {"variant": "mrd.initial", **found.details, "warnings": warnings}
        return replace(found, details=details)
