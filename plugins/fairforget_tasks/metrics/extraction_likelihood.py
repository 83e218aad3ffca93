"""Extraction likelihood (EL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fairforget.api import Measurement, Metric, Subject
from fairforget.lm.memory import extraction_likelihood
from fairforget_tasks.metrics.items import mean_of


@dataclass(frozen=True)
class ExtractionLikelihood(Metric):
    """Mean over samples of EL_n: how much of the rest of a completion is recited when decoding starts inside it.

    Item: ``sum_{t=1}^{T-n} OVERLAP_n(f(x_<=t), x_>t) / (T-n)``, with f the greedy continuation after the prompt and the
    first t of T tokens, at most as long as what follows them, and OVERLAP_n the share of its n-grams that occur there.
    A completion of T <= n tokens has no such t and is left out. Source: Jang et al. 2023 (2210.01504), section 3.2.
    """

    n: Annotated[int, Field(ge=1), "tokens of an n-gram"] = 10
    stride: Annotated[int, Field(ge=1), "look at every stride-th t, from t = 1"] = 1
    el_denominator: Annotated[
        Literal["generated", "reference"],
        "what the hits are divided by: n-grams generated (the paper's formula) or of the true rest (its code)",
    ] = "generated"

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    unit: ClassVar[str] = "share of n-grams"

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        items: dict[str, float] = {}
        excluded: dict[str, str] = {}
        continued = subject.continuations(self.stride, self.n)
        for sample, pairs in zip(subject.samples, continued, strict=True):
            if pairs:
                items[sample.id] = extraction_likelihood(pairs, self.n, self.el_denominator)
            else:
                excluded[sample.id] = f"the completion has no more than n = {self.n} tokens"
        return mean_of(items, excluded, **self.options(), prefixes=sum(map(len, continued)))
