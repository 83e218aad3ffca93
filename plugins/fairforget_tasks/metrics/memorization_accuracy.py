"""Memorization accuracy (MA)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fairforget.api import Measurement, Metric, Subject
from fairforget.lm.memory import memorization_accuracy
from fairforget_tasks.metrics.items import NOTHING_SCORED, mean_of


@dataclass(frozen=True)
class MemorizationAccuracy(Metric):
    """Mean over samples of the share of tokens that are the model's first choice after the true text before them.

    Item: ``sum_t 1[argmax p(. | x_<t) = x_t] / T`` over the T tokens of a completion that answers a prompt; over the
    last T-1 of a text without one, whose first token follows nothing. Teacher-forced: one pass, equal to T one-token
    greedy generations. Source: Tirumala et al. 2022 (2205.10770), Jang et al. 2023 (2210.01504).
    """

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    unit: ClassVar[str] = "share of tokens"

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        items: dict[str, float] = {}
        excluded: dict[str, str] = {}
        for sample, hits in zip(subject.samples, subject.hits(), strict=True):
            bare = not sample.prompt
            if not hits.size:
                excluded[sample.id] = NOTHING_SCORED
            elif bare and hits.size == 1:
                excluded[sample.id] = "a text of one token without a prompt: nothing predicts it"
            else:
                items[sample.id] = memorization_accuracy(hits, bare=bare)
        return mean_of(items, excluded)
