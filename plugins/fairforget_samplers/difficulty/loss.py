"""Loss before unlearning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.passes import TokenScores
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Loss(Difficulty):
    r"""How unlikely the completion is before unlearning; no source, a baseline.

    The three ways to say *initial probability* of a sample, each turned so that it falls with the probability:

    - ``nll``: :math:`-\frac1n\sum_t P_t`, nat a token; :math:`\exp(-\mathrm{nll})` is the geometric mean of the tokens'
      probabilities, so both rank alike;
    - ``sequence-nll``: :math:`-\sum_t P_t`, nat; minus the log-probability of the whole completion;
    - ``token-improbability``: :math:`1-\frac1n\sum_t e^{P_t}`; one minus the mean probability of a token.

    A larger value is easier to unlearn: less is left to forget, and the gradient is larger.
    """

    higher_is = "easier"
    of: Annotated[Literal["nll", "sequence-nll", "token-improbability"], "what is taken of the probabilities"] = "nll"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    @property
    def unit(self) -> str:
        """Nats, a token or in all; none for a probability."""
        return {"nll": "nat/token", "sequence-nll": "nat", "token-improbability": ""}[self.of]

    def passes(self) -> int:
        """One forward pass."""
        return 1

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one forward pass each; the model may have any dtype."""
        from fairforget.lm.change import in_scope
        from fairforget.lm.passes import token_scores
        from fairforget_samplers.difficulty.likelihood import dtype_of, near_zero_share, unusable, without

        scoped = in_scope(samples, self.scope)
        found = token_scores(model, scoped, batch_tokens=self.batch_tokens)
        excluded = unusable(found, scoped)
        values = without(self._values(found), scoped, excluded, "the value is not finite")
        details = {
            "variant": f"loss.{self.of}",
            "scope": self.scope,
            "dtype": dtype_of(model),
            "forwards": 1,
            "near_zero_share": near_zero_share(found),
            "excluded": excluded,
            "warnings": [],
        }
        return Scores(values, details=details)

    def _values(self, found: TokenScores) -> np.ndarray:
        from fairforget_samplers.difficulty.likelihood import log_likelihoods

        if self.of == "token-improbability":
            # By expm1: where the model is certain, 1 - p would be rounding.
            return np.array([-float(np.expm1(v).mean()) if v.size else np.nan for v in found.logprobs])
        return -log_likelihoods(found, "mean" if self.of == "nll" else "sum")
