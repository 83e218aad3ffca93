"""Unlearning accuracy by words in common: needs no encoder, and is another measure than UA."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.nearest_answer import Question, unlearning_accuracy


@dataclass(frozen=True)
class UnlearningAccuracyOverlap(Metric):
    """1 - the share of samples whose greedy answer to the paraphrased question is right, by token F1.

    Right: it has a greater F1 of words (as bags, case-folded) with the paraphrased true answer than with every
    perturbed answer. Embeddings hardly ever tie, words do: perturbed answers differ in few words, and an answer with
    none of these is equally near to all and shows no knowledge. So a tie is wrong here, while in `unlearning-accuracy`,
    after SOUL, it is right. F1 as for SQuAD (Rajpurkar et al. 2016), articles and all.
    """

    higher_is: ClassVar[Literal["less memory"]] = "less memory"
    unit: ClassVar[str] = "share of samples"
    prompts: ClassVar[tuple[str, ...]] = ("paraphrased_prompt",)

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's paraphrased questions."""
        return unlearning_accuracy(subject, decide, ties="wrong")


def decide(questions: Sequence[Question]) -> list[bool]:
    """Return for each question whether the generated answer is strictly nearest to the true one."""
    return [token_f1(q.generated, q.right) > max(token_f1(q.generated, wrong) for wrong in q.wrong) for q in questions]


def token_f1(one: str, other: str) -> float:
    """Return the F1 of two texts as bags of words; 0 where one has none."""
    bags = [Counter(re.findall(r"\w+", text.casefold())) for text in (one, other)]
    common = (bags[0] & bags[1]).total()
    return 2 * common / (bags[0].total() + bags[1].total()) if common else 0.0
