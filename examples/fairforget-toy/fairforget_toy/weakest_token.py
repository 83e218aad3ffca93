"""A difficulty that asks the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from fairforget.api import Difficulty

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class WeakestToken(Difficulty):
    r"""The largest token loss of the completion, :math:`\max_t -\log p(y_t \mid y_{<t}, x)`: what is known least.

    A larger value is read as easier to unlearn: a completion is only recited as far as its weakest token.
    """

    higher_is = "easier"
    unit = "nat"
    batch_tokens: Annotated[int, "padded tokens a pass, at most", Field(ge=1)] = 2048

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> np.ndarray:
        """Score the samples by one forward pass each; one without scored tokens has no score."""
        import numpy as np
        import torch

        found = np.full(len(samples), np.nan)
        device = next(model.parameters()).device
        with torch.no_grad():
            for positions in samples.buckets(self.batch_tokens):
                logprobs = samples.take(positions).batch(eos=False, device=device).logprobs(model)
                losses = (-logprobs.values).masked_fill(~logprobs.mask, -torch.inf).amax(-1)
                found[positions] = losses.double().cpu().numpy()
        return np.where(np.isfinite(found), found, np.nan)
