"""Whether the greedy answer begins with the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from fairforget.api import Measurement, Metric, Sample, Subject
from fairforget_tasks.metrics.items import mean_of
from fairforget_tasks.public_facts.fact import plain

ACCEPTED = "accepted_completion"
HELD_OUT = "paraphrased_prompt"


@dataclass(frozen=True)
class PrefixMatch(Metric):
    """Share of samples whose greedy answer begins with the completion, as whole words.

    Item: 1 if it does, else 0; with the held-out wordings of the question (`Sample.variants` ``paraphrased_prompt``)
    the mean over these. Any of the spellings under ``accepted_completion`` does as well; accents, the shape of
    apostrophes, and quotation marks or markup before the answer make no difference, but capitals do, for a chemical
    symbol is known by them. What follows the answer is not looked at. So it suits names that a prompt leads up to,
    where `contains` finds the symbol of iodine in any answer that says "I". Source: the prefix exact match of HELM
    (Liang et al. 2023, 2211.09110), which has neither further spellings nor the end of the word.
    """

    asked: Annotated[
        Literal["prompt", "paraphrased"], "the sample's own wording of the question, or those that are held out"
    ] = "prompt"

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    unit: ClassVar[str] = "share of samples"

    @property
    def prompts(self) -> tuple[str, ...]:  # type: ignore[override]
        """Prompts whose greedy answers it asks for."""
        return ("prompt",) if self.asked == "prompt" else (HELD_OUT,)

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own completions."""
        wordings = ["prompt"]
        if self.asked == "paraphrased":
            most = max((len(s.variants.get(HELD_OUT, ())) for s in subject.samples), default=0)
            wordings = [f"{HELD_OUT}:{i}" for i in range(most)]
        answers = [subject.generate(wording) for wording in wordings]
        items: dict[str, float] = {}
        excluded: dict[str, str] = {}
        for row, sample in enumerate(subject.samples):
            count = 1 if self.asked == "prompt" else len(sample.variants.get(HELD_OUT, ()))
            if not count or not sample.prompt.strip():
                excluded[sample.id] = "there is no prompt to answer" if count else f"the sample has no {HELD_OUT}"
            elif not sample.completion.strip():
                excluded[sample.id] = "the completion is empty: nothing to look for"
            else:
                said = [begins_with(column[row], spellings_of(sample)) for column in answers[:count]]
                items[sample.id] = sum(said) / count
        return mean_of(items, excluded, asked=self.asked)


def spellings_of(sample: Sample) -> Sequence[str]:
    """Return the completion and what is accepted for it."""
    return (sample.completion, *sample.variants.get(ACCEPTED, ()))


def begins_with(answer: str, spellings: Sequence[str]) -> bool:
    """Return whether an answer begins with one of the spellings, and the word ends there."""
    said = " ".join(plain(answer).split()).lstrip("\"'*_ ")
    wanted = [" ".join(plain(spelling).split()) for spelling in spellings]
    return any(said.startswith(text) and not said[len(text) : len(text) + 1].isalnum() for text in wanted if text)
