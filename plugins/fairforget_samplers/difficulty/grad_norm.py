"""Norm of the gradient of a sample's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class GradNorm(Difficulty):
    r""":math:`\lVert\nabla_\theta\,\mathrm{NLL}_i\rVert`, over all weights; no source, the baseline for ``mrd-grad``.

    A larger value is easier to unlearn: the first step of gradient ascent raises the loss by the square of it. In nats
    per unit of weight.
    """

    higher_is = "easier"
    unit = "nat"
    normalise: Annotated[Literal["mean", "sum"], "the loss over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int, "padded tokens a pass, at most", Field(ge=1)] = 4096

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64.
        """
        from fairforget.lm.change import in_scope, scorable
        from fairforget.lm.gradnorm import gradient_norms
        from fairforget.lm.perturb import require_full_precision

        require_full_precision(model, "difficulty grad-norm")
        scoped = in_scope(samples, self.scope)
        kept, excluded = scorable(scoped)
        norms = gradient_norms(
            model, scoped.take(kept), lambda found: found.nll(self.normalise), batch_tokens=self.batch_tokens
        )
        values = np.full(len(samples), np.nan)
        values[kept] = norms.values
        details = {"normalise": self.normalise, "scope": self.scope, "batched": norms.batched, "excluded": excluded}
        return Scores(values, details=details)
