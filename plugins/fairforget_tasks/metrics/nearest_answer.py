"""Which of several answers a generated one is nearest to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairforget.api import Measurement, Subject
from fairforget_tasks.metrics.items import mean_of


@dataclass(frozen=True, slots=True)
class Question:
    """A generated answer with the true one and the wrong ones."""

    sample: str
    generated: str
    right: str
    wrong: tuple[str, ...]


Decide = Callable[[Sequence[Question]], Sequence[bool]]
"""For each question, whether the generated answer counts as right."""


def unlearning_accuracy(subject: Subject, decide: Decide, **details: object) -> Measurement:
    """Return UA = 1 - FA, FA the share of samples whose greedy answer to the paraphrased question is right.

    Item: 0 for a right answer, 1 for a wrong one. A sample without a paraphrased question, a paraphrased answer or a
    perturbed answer is left out.
    """
    questions: list[Question] = []
    excluded: dict[str, str] = {}
    needed = ("paraphrased_prompt", "paraphrased_completion", "perturbed_completion")
    for sample, answer in zip(subject.samples, subject.generate("paraphrased_prompt"), strict=True):
        missing = [key for key in needed if not sample.variants.get(key)]
        if missing:
            excluded[sample.id] = f"the sample has no {' and no '.join(missing)}"
            continue
        right, wrong = sample.variants["paraphrased_completion"][0], tuple(sample.variants["perturbed_completion"])
        questions.append(Question(sample.id, answer, right, wrong))
    decided = decide(questions) if questions else []
    items = {question.sample: float(not right) for question, right in zip(questions, decided, strict=True)}
    return mean_of(items, excluded, **details)
