"""Loss before unlearning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Loss(Difficulty):
    """Mean negative log-likelihood of the completion's tokens, in nats; no source, a baseline.

    A larger value is easier to unlearn: less is left to forget, and the gradient is larger.
    """

    higher_is = "easier"
    unit = "nat/token"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int, "padded tokens a pass, at most", Field(ge=1)] = 4096

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one forward pass each; the model may have any dtype."""
        from fairforget.lm.change import in_scope, scorable
        from fairforget.lm.forward import evaluating

        scoped = in_scope(samples, self.scope)
        kept, excluded = scorable(scoped)
        values = np.full(len(samples), np.nan)
        device = next(model.parameters()).device
        scored = scoped.take(kept)
        with evaluating(model):
            for positions in scored.buckets(self.batch_tokens):
                found = scored.take(positions).batch(eos=False, device=device).logprobs(model)
                nll = -found.values.double().sum(-1) / found.mask.sum(-1)
                values[np.array(kept)[positions]] = nll.cpu().numpy()
        return Scores(values, details={"scope": self.scope, "excluded": excluded})
