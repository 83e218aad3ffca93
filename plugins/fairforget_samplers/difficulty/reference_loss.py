"""Loss of models that never saw the sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

OWNER = "difficulty reference-loss"


@dataclass(frozen=True)
class ReferenceLoss(Difficulty):
    r"""Mean loss of the sample on models trained without it, the term that calibrates membership inference.

    .. math::
        d(x_i) = \frac1K\sum_k \ell(f_k, x_i), \qquad
        \text{calibrated: } d(x_i) - \ell(f, x_i), \qquad \ell = -\frac1n\sum_t P_t

    Watson et al. 2022 (arXiv 2111.08440), whose calibrated score is :math:`\ell(f,x)-d(x)`: ``calibrated`` is minus
    that, which equals ``memorization`` with ``of: logprob`` and the same references. With another tokenizer a
    reference's loss a token is not the target's; ``normalise: sum`` compares whole completions.

    A larger value is read as harder to unlearn, because what other text does not teach had to be memorised, and the
    loss that a model without the sample shows is further away; there is no evidence of its own for that direction. With
    two references or more, standard errors and reliability are over the references.
    """

    higher_is = "harder"
    references: Annotated[
        Sequence[str], "models trained without the samples: folders, hub ids, or id@revision", Field(min_length=1)
    ]
    calibrated: Annotated[bool, "subtract the target's loss"] = False
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    @property
    def unit(self) -> str:
        """Nats, a token or in all."""
        return "nat/token" if self.normalise == "mean" else "nat"

    def depends_on(self) -> Mapping[str, Any]:
        """Return digests or commits of the references.

        Raises:
            FairforgetError: one is missing.
        """
        from fairforget.lm.references import reference_contents

        return {"references": reference_contents(OWNER, self.references)}

    def passes(self) -> int:
        """One forward pass through each reference, and one through the target where calibrated."""
        return int(self.calibrated) + len(self.references)

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass through each reference, and one through the model where calibrated.

        Raises:
            FairforgetError: there is no reference, or one is missing, broken, or cannot read the samples.
        """
        from fairforget.lm.change import in_scope, scorable
        from fairforget.lm.passes import token_scores
        from fairforget.lm.references import ask_references
        from fairforget_samplers.difficulty.against_references import blame, cautions, over_references
        from fairforget_samplers.difficulty.likelihood import dtype_of, log_likelihoods, unusable, without

        if not self.references:
            raise FairforgetError(f"{OWNER}: option references is empty; name a model trained without the samples")
        scoped = in_scope(samples, self.scope)
        target, excluded = None, scorable(scoped)[1]
        if self.calibrated:
            found = token_scores(model, scoped, batch_tokens=self.batch_tokens)
            target, excluded = -log_likelihoods(found, self.normalise), unusable(found, scoped)
        asked = ask_references(OWNER, self.references, samples, self._losses, next(model.parameters()).device)
        over = over_references(asked.values if target is None else asked.values - target, rng)
        values = without(over.mean, samples, excluded, blame(asked))
        mend = "write normalise: sum to compare whole completions" if self.normalise == "mean" else ""
        details = {
            "variant": "reference-loss.calibrated" if self.calibrated else "reference-loss",
            "normalise": self.normalise,
            "scope": self.scope,
            "references": list(asked.described),
            "dtype": dtype_of(model) if self.calibrated else "float32",
            "forwards": int(self.calibrated),
            "reference_forwards": len(self.references),
            "excluded": excluded,
            "warnings": cautions("reference-loss", asked, target, mend),
        }
        return Scores(values, over.stderr, over.reliability, details)

    def _losses(self, model: Any, samples: SampleSet) -> np.ndarray:
        from fairforget.lm.change import in_scope
        from fairforget.lm.passes import token_scores
        from fairforget_samplers.difficulty.likelihood import log_likelihoods

        found = token_scores(model, in_scope(samples, self.scope), batch_tokens=self.batch_tokens)
        return -log_likelihoods(found, self.normalise)
