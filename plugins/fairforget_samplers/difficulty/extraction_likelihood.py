"""How much of a sample the model recites when it is given the beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.reasons import NOT_FINITE

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class ExtractionLikelihood(Difficulty):
    r"""EL_n: the share of n-grams of the model's own continuations that occur in the true rest.

    .. math::
        \mathrm{EL}_n(x) = \frac1{T-n}\sum_{t=1}^{T-n}\mathrm{OVERLAP}_n\big(f(x_{\le t}), x_{>t}\big), \qquad
        \mathrm{OVERLAP}_n(a,b) = \frac{\sum_{c\in ng(a)}\mathbf 1[c\in ng(b)]}{|ng(a)|}

    Jang et al. 2023 (arXiv 2210.01504), section 3.2, with f the greedy continuation after the prompt and the first t of
    the T tokens of the completion, at most as long as what follows them. Their code divides by :math:`|ng(b)|`
    (``el_denominator: reference``), which is less where generation ends early. A completion of T <= n tokens has no
    value. While the model's first choices are the true tokens all prefixes share one continuation, so a sample costs
    one generation for every token the model gets wrong.

    A larger value is read as harder to unlearn, as with ``memorization``: what can be recited from anywhere was
    memorised more; there is no evidence of its own for that direction.
    """

    higher_is = "harder"
    unit = "share of n-grams"
    n: Annotated[int, "tokens of an n-gram", Field(ge=1)] = 10
    stride: Annotated[int, "look at every stride-th t, from t = 1", Field(ge=1)] = 1
    el_denominator: Annotated[
        Literal["generated", "reference"],
        "what the hits are divided by: n-grams generated (the paper's formula) or of the true rest (its code)",
    ] = "generated"
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass and by generation; the model may have any dtype.

        Raises:
            FairforgetError: the model keeps no key-value cache to generate with.
        """
        from fairforget.lm.change import scorable
        from fairforget.lm.generate import stop_tokens
        from fairforget.lm.memory import memory
        from fairforget_samplers.difficulty.likelihood import dtype_of

        excluded = scorable(samples)[1]
        too_short = f"the completion has no more than n = {self.n} tokens"
        excluded |= {s.sample.id: too_short for s in samples if 0 < s.length <= self.n}
        tokenizer = None if samples.encoder is None else samples.encoder.tokenizer
        found = memory(
            model,
            samples,
            n=self.n,
            stride=self.stride,
            denominator=self.el_denominator,
            stop=stop_tokens(model, tokenizer),
            batch_tokens=self.batch_tokens,
        )
        for sample, broken in zip(samples, found.broken, strict=True):
            if broken:
                excluded[sample.sample.id] = NOT_FINITE
        details = {
            "variant": f"extraction-likelihood.{self.el_denominator}",
            "n": self.n,
            "stride": self.stride,
            "prefixes": sum(len(range(1, s.length - self.n + 1, self.stride)) for s in samples),
            "dtype": dtype_of(model),
            "excluded": excluded,
            "warnings": [],
        }
        return Scores(found.extraction_likelihood, details=details)
