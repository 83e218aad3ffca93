"""How often a sample occurs in the training text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from fairforget.api import Difficulty, Sample, Scores
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.api import Corpus
    from fairforget.lm.tokens import SampleSet

FUNCTION_WORDS = """a about after all also an and any are as at be because been before being but by can could did do
    does for from had has have he her hers him his how i if in into is it its may me might more most my no nor not of on
    or our out over she should so some such than that the their them then there these they this those through to too
    under up us very was we were what when where which while who whom whose why will with would you your"""
"""English words that say nothing about what a text is about."""


@dataclass(frozen=True)
class Frequency(Difficulty):
    r"""How often the training text repeats what the sample says.

    Where a task controls it, the attribute ``frequency``: the number of training texts that teach the sample. Otherwise
    the mean of :math:`\log(1+\mathrm{count})` over the content words of the completion (all its words, if none is a
    content word), counted over prompts and completions of the training texts, without regard to case.

    A larger value is harder to unlearn: what was said often is stored robustly (arXiv 2504.06658, section 3.3;
    arXiv 2504.05058).
    """

    higher_is = "harder"
    needs_model = False
    source: Annotated[
        Literal["auto", "attribute", "corpus"], "the task's attribute, word counts, or the attribute where all have one"
    ] = "auto"

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at.

        Raises:
            FairforgetError: the attribute is asked for and missing, or words are to be counted without a corpus.
        """
        known = [_attribute(s.sample) for s in samples]
        missing = [s.sample.id for s, value in zip(samples, known, strict=True) if value is None]
        if self.source == "attribute" and missing:
            raise FairforgetError(
                f"difficulty frequency: {len(missing)} of {len(samples)} samples, first {missing[0]!r}, have no "
                "numeric attribute 'frequency'; write source: corpus to count words instead"
            )
        if self.source == "attribute" or (self.source == "auto" and not missing):
            return Scores(np.array(known, dtype=float), details={"source": "attribute", "excluded": {}})
        if samples.corpus is None:
            raise FairforgetError("difficulty frequency: there is no corpus to count words in; write source: attribute")
        counts, skip = word_counts(samples.corpus), frozenset(FUNCTION_WORDS.split())
        values = np.array([_mean_log_count(s.sample, counts, skip) for s in samples], dtype=float)
        excluded = {s.sample.id: "no words" for s, v in zip(samples, values, strict=True) if np.isnan(v)}
        return Scores(values, details={"source": "corpus", "excluded": excluded})


def word_counts(corpus: Corpus) -> Counter[str]:
    """Return how often each word occurs in the training texts of `corpus`."""
    counts: Counter[str] = Counter()
    for text in corpus.training_texts():
        counts.update(words(text.prompt))
        counts.update(words(text.completion))
    return counts


def words(text: str) -> list[str]:
    """Return the words of `text`, case-folded; an apostrophe inside a word belongs to it."""
    return re.findall(r"\w+(?:['\u2019]\w+)*", text.casefold())


def _mean_log_count(sample: Sample, counts: Counter[str], skip: frozenset[str]) -> float:
    every = words(sample.completion)
    content = [w for w in every if w not in skip] or every
    return float(np.mean([np.log1p(counts[w]) for w in content])) if content else float("nan")


def _attribute(sample: Sample) -> float | None:
    value = sample.attributes.get("frequency")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
