"""Loss of models that were trained without the sample, made for the purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

OWNER = "difficulty held-out-loss"


@dataclass(frozen=True)
class HeldOutLoss(Difficulty):
    r"""Mean loss of a token of the sample on models trained without it, by the target's own recipe.

    .. math::
        d(x_i) = -\frac1n\,\mathbb E_{S\not\ni i}[\log p_S(x_i)], \qquad
        \text{average probability: } d(x_i) = -\frac1n\log\mathbb E_{S\not\ni i}[p_S(x_i)]

    over the models of `counterfactual-memorization`: of each pair of random halves of the pool the one that never saw
    the sample. It is what other text teaches of a sample; `reference-loss` asks models that you have. The second form
    is the reference side of GenEx (2411.04388), a token: GenEx is this less the sample's loss.

    A larger value is read as harder to unlearn, because what other text does not teach had to be memorised. Standard
    errors and reliability are over models; for the average of the probability there are none, and the details have the
    noise floor: the mean and the median over samples and models of the GenEx of each model against the others.
    """

    higher_is = "harder"
    unit = "nat/token"
    needs_model: ClassVar[bool] = False
    average: Annotated[Literal["loss", "probability"], "what is averaged over models"] = "loss"
    models: Annotated[int, Field(ge=2, le=1000, multiple_of=2), "models that are trained, each on half of the pool"] = 8
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass through each model; trains those that the cache has not.

        Raises:
            FairforgetError: the target has no recipe to train by, or the samples are no pool.
        """
        from fairforget_samplers.difficulty.against_references import over_references
        from fairforget_samplers.difficulty.likelihood import without
        from fairforget_samplers.difficulty.random_halves import ask_halves

        asked = ask_halves(OWNER, samples, self.models // 2, self._measure)
        lengths = np.array([max(1, sample.length) for sample in samples], dtype=np.float64)
        details: dict[str, Any] = {"variant": f"held-out-loss.{self.average}", "models": self.models}
        stderr, reliability = None, None
        if self.average == "probability":
            from fairforget.stats.exposure import log_mean_exp

            with np.errstate(invalid="ignore"):  # NaN where a sample is not in the pool
                found = -log_mean_exp(asked.without) / lengths
            details |= _noise(asked.without, lengths)
        else:
            over = over_references(-asked.without / lengths, rng)
            found, stderr, reliability = over.mean, over.stderr, over.reliability
        excluded = dict(asked.excluded)
        values = without(found, samples, excluded, "no finite value from one of the models")
        details |= {"reference_forwards": self.models, "excluded": excluded, "warnings": []}
        return Scores(values, stderr, reliability, details)

    def _measure(self, model: Any, samples: SampleSet) -> np.ndarray:
        from fairforget.lm.passes import token_scores
        from fairforget_samplers.difficulty.likelihood import log_likelihoods, unusable, without

        found = token_scores(model, samples, batch_tokens=self.batch_tokens)
        return without(log_likelihoods(found, "sum"), samples, unusable(found, samples), "")


def _noise(logs: np.ndarray, lengths: np.ndarray) -> dict[str, float | None]:
    """Return mean magnitude and median of the GenEx, a token, of each model against the others; None for one model."""
    from fairforget.stats.exposure import noise_floor

    with np.errstate(invalid="ignore"):
        found = noise_floor(logs)
    known = None if found is None else (found / lengths)[np.isfinite(found)]
    if known is None or not known.size:
        return {"noise_floor": None, "noise_median": None}
    return {"noise_floor": float(np.abs(known).mean()), "noise_median": float(np.median(known))}
