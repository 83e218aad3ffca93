"""How much of a sample the model knows by heart, or knows by the sample alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores

if TYPE_CHECKING:
    from fairforget.lm.passes import TokenScores
    from fairforget.lm.tokens import SampleSet

OWNER = "difficulty memorization"


@dataclass(frozen=True)
class Memorization(Difficulty):
    r"""What the target makes of the sample, less what models make of it that never saw it.

    Without ``references``: memorization accuracy (MA), the share of the completion's tokens that are the model's first
    choice after the true text before them (Tirumala et al. 2022, arXiv 2205.10770; Jang et al. 2023, arXiv 2210.01504).
    With ``of: logprob`` the mean log-probability of a token instead.

    With ``references``, models trained without the samples: the counterfactual memorization

    .. math::
        \mathrm{mem}(i) = v(f, x_i) - \frac1K\sum_k v(f_k, x_i)

    with v one of the two (Feldman 2020, arXiv 1906.05271, has :math:`\Pr[f(x_i)=y_i]` for v, and the mean over many
    models on the left as well, where this has the one target). A base model is a reference too: then it is what
    fine-tuning added. Standard errors and reliability, from two references on, are over the references.

    A larger value is harder to unlearn: what was memorised more takes more to remove (Zhao et al. 2024, arXiv
    2406.01257, who find it for images).
    """

    higher_is = "harder"
    of: Annotated[Literal["accuracy", "logprob"], "share of tokens recited, or their mean log-probability"] = "accuracy"
    references: Annotated[
        Sequence[str], "models trained without the samples: folders, hub ids, or id@revision; none = the target alone"
    ] = ()
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    @property
    def unit(self) -> str:
        """A share of tokens, or nats a token."""
        return "share of tokens" if self.of == "accuracy" else "nat/token"

    def depends_on(self) -> Mapping[str, Any]:
        """Return digests or commits of the references.

        Raises:
            FairforgetError: one is missing.
        """
        from fairforget.lm.references import reference_contents

        return {"references": reference_contents(OWNER, self.references)} if self.references else {}

    def passes(self) -> int:
        """One forward pass through the target and each reference."""
        return 1 + len(self.references)

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass through the model and each reference.

        Raises:
            FairforgetError: a reference is missing, broken, or cannot read the samples.
        """
        from fairforget.lm.passes import token_scores
        from fairforget.lm.references import ask_references
        from fairforget_samplers.difficulty.against_references import blame, cautions, over_references
        from fairforget_samplers.difficulty.likelihood import dtype_of, near_zero_share, unusable, without

        found = token_scores(model, samples, batch_tokens=self.batch_tokens)
        excluded = unusable(found, samples)
        target = self._values(found, samples)
        for sample, value in zip(samples, target, strict=True):
            if np.isnan(value) and sample.sample.id not in excluded:
                excluded[sample.sample.id] = "a text of one token without a prompt: nothing predicts it"
        details = {
            "variant": f"memorization.{self.of}{'.counterfactual' if self.references else ''}",
            "references": [],
            "dtype": dtype_of(model),
            "forwards": 1,
            "reference_forwards": len(self.references),
            "near_zero_share": near_zero_share(found),
            "excluded": excluded,
            "warnings": [],
        }
        if not self.references:
            return Scores(without(target, samples, excluded, "the value is not finite"), details=details)
        asked = ask_references(OWNER, self.references, samples, self._measure, next(model.parameters()).device)
        over = over_references(target - asked.values, rng)
        values = without(over.mean, samples, excluded, blame(asked))
        details |= {
            "references": list(asked.described),
            "warnings": cautions("memorization", asked, target),
        }
        return Scores(values, over.stderr, over.reliability, details)

    def _measure(self, model: Any, samples: SampleSet) -> np.ndarray:
        from fairforget.lm.passes import token_scores
        from fairforget_samplers.difficulty.likelihood import unusable, without

        found = token_scores(model, samples, batch_tokens=self.batch_tokens)
        return without(self._values(found, samples), samples, unusable(found, samples), "")

    def _values(self, found: TokenScores, samples: SampleSet) -> np.ndarray:
        from fairforget_samplers.difficulty.likelihood import accuracies, log_likelihoods

        return accuracies(found, samples) if self.of == "accuracy" else log_likelihoods(found)
