"""How much better models know a sample that were trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

OWNER = "difficulty counterfactual-memorization"


@dataclass(frozen=True)
class CounterfactualMemorization(Difficulty):
    r"""What models make of the sample that were trained on it, less what models make of it that were not.

    .. math::
        \mathrm{mem}(i) = \mathbb E_{S\ni i}[v(f_S, x_i)] - \mathbb E_{S\not\ni i}[v(f_S, x_i)]

    with v the mean log-probability of a token or the memorization accuracy, over models that the target's own recipe
    makes of random halves S of the pool (Feldman and Zhang 2020, arXiv 2008.03703; Zhang et al. 2021, arXiv 2112.12938,
    who name it). What is not in the pool all models are trained on. Halves come in pairs, one the rest of the other, so
    that each pair has one model of either side; standard errors and reliability are over pairs. All models start from
    the target's initial weights and differ in their data alone.

    It is a quantity of the data and of the recipe, and looks at no target. The models are kept as oracles are, trained
    once for all scores of a target: `models` trainings on half of the pool. Where `memorization` with references takes
    the target's own word for the left side, this one takes the mean over models.

    A larger value is harder to unlearn: what was memorised more takes more to remove (Zhao et al. 2024, arXiv
    2406.01257, who find it for images).
    """

    higher_is = "harder"
    needs_model: ClassVar[bool] = False
    of: Annotated[Literal["logprob", "accuracy"], "mean log-probability of a token, or share of tokens recited"] = (
        "logprob"
    )
    models: Annotated[int, Field(ge=2, le=1000, multiple_of=2), "models that are trained, each on half of the pool"] = 8
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    @property
    def unit(self) -> str:
        """A share of tokens, or nats a token."""
        return "share of tokens" if self.of == "accuracy" else "nat/token"

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass through each model; trains those that the cache has not.

        Raises:
            FairforgetError: the target has no recipe to train by, or the samples are no pool.
        """
        from fairforget_samplers.difficulty.against_references import over_references
        from fairforget_samplers.difficulty.likelihood import without
        from fairforget_samplers.difficulty.random_halves import ask_halves

        asked = ask_halves(OWNER, samples, self.models // 2, self._measure)
        over = over_references(asked.within - asked.without, rng)
        excluded = dict(asked.excluded)
        values = without(over.mean, samples, excluded, "no finite value from one of the models")
        details = {
            "variant": f"counterfactual-memorization.{self.of}",
            "models": self.models,
            "within": float(np.nanmean(asked.within)) if np.isfinite(asked.within).any() else None,
            "without": float(np.nanmean(asked.without)) if np.isfinite(asked.without).any() else None,
            "reference_forwards": self.models,
            "excluded": excluded,
            "warnings": [],
        }
        return Scores(values, over.stderr, over.reliability, details)

    def _measure(self, model: Any, samples: SampleSet) -> np.ndarray:
        from fairforget.lm.passes import token_scores
        from fairforget_samplers.difficulty.likelihood import accuracies, log_likelihoods, unusable, without

        found = token_scores(model, samples, batch_tokens=self.batch_tokens)
        values = accuracies(found, samples) if self.of == "accuracy" else log_likelihoods(found)
        return without(values, samples, unusable(found, samples), "")
