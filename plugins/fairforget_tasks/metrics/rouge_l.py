"""How much of the completion the greedy answer contains, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.items import mean_of


@dataclass(frozen=True)
class RougeL(Metric):
    """Mean ROUGE-L of the greedy answer to the prompt, against the completion.

    With L words in the longest common subsequence, recall = L / words of the completion, precision = L / words of the
    answer, F1 their harmonic mean. Words and values are those of the package rouge_score, bit for bit: lower case
    ASCII letters and digits, Porter-stemmed when longer than three. Source: Lin 2004; recall with stemmer as in TOFU
    (2401.06121). Not defined here without a prompt to answer; a completion without a word in this sense is left out.
    """

    score: Annotated[Literal["recall", "f1"], "which of the two is reported"] = "recall"
    stemmer: Annotated[bool, "whether words are stemmed before they are compared"] = True

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    prompts: ClassVar[tuple[str, ...]] = ("prompt",)

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        items: dict[str, float] = {}
        excluded: dict[str, str] = {}
        for sample, answer in zip(subject.samples, subject.generate(), strict=True):
            reference = words(sample.completion, stemmer=self.stemmer)
            if not sample.prompt.strip():
                excluded[sample.id] = "there is no prompt to answer"
            elif not reference:
                excluded[sample.id] = "the completion has no word of ASCII letters or digits"
            else:
                recall, f1 = rouge_l(reference, words(answer, stemmer=self.stemmer))
                items[sample.id] = recall if self.score == "recall" else f1
        return mean_of(items, excluded, score=self.score, stemmer=self.stemmer)


def rouge_l(reference: Sequence[str], answer: Sequence[str]) -> tuple[float, float]:
    """Return (recall, F1) of two lists of words; (0, 0) where one is empty."""
    from rapidfuzz.distance import LCSseq

    if not reference or not answer:
        return 0.0, 0.0
    # Numbers, for rapidfuzz compares words by their hashes.
    number = {word: i for i, word in enumerate({*reference, *answer})}
    common = LCSseq.similarity([number[word] for word in reference], [number[word] for word in answer])
    recall, precision = common / len(reference), common / len(answer)
    return recall, 2 * precision * recall / (precision + recall) if common else 0.0


def words(text: str, *, stemmer: bool) -> list[str]:
    """Return the words that rouge_score compares."""
    from rouge_score.tokenize import tokenize

    found: list[str] = tokenize(text, _Stemmer if stemmer else None)
    return found


class _Stemmer:
    """The stemmer of rouge_score with a memory: to stem a word takes longer than to compare two sentences."""

    @staticmethod
    @lru_cache(maxsize=1 << 16)
    def stem(word: str) -> str:
        return "".join(_stemming().tokenize(word))


@lru_cache(maxsize=1)
def _stemming() -> Any:
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=True)
