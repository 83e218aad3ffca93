"""How often a sample, or what it says, occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Sample, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.text.counts import texts_sharing_an_ngram, word_counts
from fairforget_samplers.text.general import wordfreq_version, zipf_lookup
from fairforget_samplers.text.parts import On, words_of
from fairforget_samplers.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairforget.api import Corpus
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Frequency(Difficulty):
    r"""How often the training text, or the language, repeats what the sample says.

    ``attribute``, where a task controls it: the number of training texts that teach the sample. ``corpus``: the mean of
    :math:`\log(1+\mathrm{count})` over the content words (all words, if none is a content word), counted over prompts
    and completions of the training texts, without regard to case. ``ngrams``: the number of training texts that share a
    run of `n` words with the sample, its own among them; shorter samples have no score. ``general``: the mean over the
    content words, or the smallest, of the Zipf frequency in the language at large, :math:`\log_{10}` of the count in a
    billion words; 0 for words that `wordfreq` does not know.

    A larger value is harder to unlearn: what was said often is stored robustly (arXiv 2504.06658, section 3.3 and
    Table 7: a mean `mrd` of 0.25 against 0.64, and for common words 0.43 against 0.50; arXiv 2504.05058).
    """

    higher_is = "harder"
    needs_model = False
    source: Annotated[
        Literal["auto", "attribute", "corpus", "ngrams", "general"],
        "the task's attribute; word counts; texts that share a run of words; the language at large (needs the extra "
        "`words`); auto: the attribute where all samples have one, else word counts",
    ] = "auto"
    on: Annotated[On, "the text whose words are read, for all but ``attribute``"] = "completion"
    n: Annotated[int, "words in a shared run, for ``ngrams``", Field(ge=1)] = 13
    zipf: Annotated[Literal["mean", "min"], "mean over words, or the rarest, for ``general``"] = "mean"
    language: Annotated[str, "language of ``general``"] = "en"

    @property
    def unit(self) -> str:
        """What is counted, where the source says it."""
        return {"ngrams": "training text", "general": "Zipf"}.get(self.source, "")

    def depends_on(self) -> Mapping[str, Any]:
        """Return the version of wordfreq.

        Raises:
            FairforgetError: it is wanted and not installed.
        """
        return {"wordfreq": wordfreq_version(self._title)} if self.source == "general" else {}

    def passes(self) -> int:
        """No model is asked."""
        return 0

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at.

        Raises:
            FairforgetError: the attribute is asked for and missing, there is no corpus to count in, or wordfreq is not
                installed or has no list for the language.
        """
        texts = [s.sample for s in samples]
        known = [_attribute(sample) for sample in texts]
        missing = [sample.id for sample, value in zip(texts, known, strict=True) if value is None]
        if self.source == "attribute" and missing:
            raise FairforgetError(
                f"difficulty frequency: {len(missing)} of {len(samples)} samples, first {missing[0]!r}, have no "
                "numeric attribute 'frequency'; write source: corpus to count words instead"
            )
        if self.source == "attribute" or (self.source == "auto" and not missing):
            return Scores(np.array(known, dtype=float), details={"source": "attribute", "excluded": {}})
        read = [words_of(sample, self.on) for sample in texts]
        details: dict[str, Any] = {}
        if self.source == "general":
            values, details["unknown_words"] = self._zipf(read)
            why = "no words"
        elif self.source == "ngrams":
            values, why = self._duplicates(read, self._corpus(samples)), f"fewer than {self.n} words"
        else:
            values, why = _mean_log_counts(read, self._corpus(samples)), "no words"
        source = "corpus" if self.source == "auto" else self.source
        excluded = {s.id: why for s, v in zip(texts, values, strict=True) if np.isnan(v)}
        return Scores(values, details={"source": source, "excluded": excluded} | details)

    @property
    def _title(self) -> str:
        return f"difficulty frequency with source: {self.source}"

    def _corpus(self, samples: SampleSet) -> Corpus:
        if samples.corpus is None:
            raise FairforgetError(
                "difficulty frequency: there is no corpus to count words in; write source: attribute or source: general"
            )
        return samples.corpus

    def _zipf(self, read: list[list[str]]) -> tuple[np.ndarray, int]:
        """Return a value a sample, and how many of all the words met wordfreq does not know."""
        look_up = zipf_lookup(self.language, self._title)
        over = np.mean if self.zipf == "mean" else np.min
        found = [[look_up(word) for word in content_words(words)] for words in read]
        unknown = sum(value == 0 for values in found for value in values)
        return np.array([over(values) if values else np.nan for values in found], dtype=float), unknown

    def _duplicates(self, read: list[list[str]], corpus: Corpus) -> np.ndarray:
        shared = np.array(texts_sharing_an_ngram(corpus, read, self.n), dtype=float)
        return np.where([len(words) >= self.n for words in read], shared, np.nan)


def _mean_log_counts(read: list[list[str]], corpus: Corpus) -> np.ndarray:
    counts = word_counts(corpus)
    found = [[np.log1p(counts[word]) for word in content_words(words)] for words in read]
    return np.array([np.mean(values) if values else np.nan for values in found], dtype=float)


def _attribute(sample: Sample) -> float | None:
    value = sample.attributes.get("frequency")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
