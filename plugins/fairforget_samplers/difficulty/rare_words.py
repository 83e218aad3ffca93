"""Words outside a common vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.text.general import most_common, wordfreq_version
from fairforget_samplers.text.names import is_capitalised, proper_names
from fairforget_samplers.text.parts import On, parts
from fairforget_samplers.text.vocabulary import is_in, training_vocabulary
from fairforget_samplers.text.words import is_number, spelled_words, without_possessive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairforget.api import Corpus, Sample
    from fairforget.lm.tokens import SampleSet

MANY = 3
"""Rare words above which arXiv 2504.06658 calls a sample one with rare words."""


@dataclass(frozen=True)
class RareWords(Difficulty):
    """Number of words outside a common vocabulary, or that number a hundred words.

    Every occurrence counts, case does not matter, and numbers are no words. The vocabulary ``training`` holds the words
    that occur in the training texts of at least `groups` groups (a sample without a group is one by itself), at most
    the `size` most widespread: repetition alone makes no word common. ``wordfreq`` holds the `size` most frequent words
    of a language at large. Proper names (words capitalised inside a sentence of the prompt or the completion) are
    counted apart, since nearly every rare word of a text about people is a name; `names` adds them.

    A larger value is easier to unlearn: samples with many rare words have the higher `mrd` (arXiv 2504.06658, section
    3.3 and Table 7: 0.72 against 0.39). The paper's flag, more than three rare words, is counted in the details.
    """

    higher_is = "easier"
    needs_model = False
    measure: Annotated[Literal["number", "rate"], "how many, or how many a hundred words"] = "number"
    vocabulary: Annotated[
        Literal["training", "wordfreq"], "words of the training texts, or of a language (needs the extra `words`)"
    ] = "training"
    size: Annotated[int, "words in the vocabulary, at most", Field(ge=1)] = 30_000
    groups: Annotated[int, "groups whose training texts must have a word of ``training``", Field(ge=1)] = 2
    language: Annotated[str, "language of ``wordfreq``"] = "en"
    names: Annotated[bool, "count proper names too"] = False
    on: Annotated[On, "the text whose words are read"] = "completion"

    @property
    def unit(self) -> str:
        """Words, or words a hundred."""
        return "word" if self.measure == "number" else "word per 100"

    def depends_on(self) -> Mapping[str, Any]:
        """Return the version of wordfreq.

        Raises:
            FairforgetError: it is wanted and not installed.
        """
        return {"wordfreq": wordfreq_version(self._title)} if self.vocabulary == "wordfreq" else {}

    def passes(self) -> int:
        """No model is asked."""
        return 0

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at.

        Raises:
            FairforgetError: there is no corpus, wordfreq is not installed, or it has no list for the language.
        """
        vocabulary = self._vocabulary(samples.corpus)
        found = np.array([self._count(s.sample, vocabulary) for s in samples], dtype=float).reshape(-1, 3)
        words, rare, names = found.T
        counted = rare + names if self.names else rare
        known = words > 0
        values = np.where(known, counted, np.nan)
        if self.measure == "rate":
            values = 100 * values / np.where(known, words, 1)
        excluded = {s.sample.id: "no words" for s, any_words in zip(samples, known, strict=True) if not any_words}
        details = {
            "vocabulary": self.vocabulary,
            "vocabulary_words": len(vocabulary),
            "on": self.on,
            "rare_words": rare.astype(int).tolist(),
            "rare_names": names.astype(int).tolist(),
            "words": words.astype(int).tolist(),
            f"more_than_{MANY}": int((counted > MANY).sum()),
            "excluded": excluded,
            "warnings": []
            if vocabulary
            else [f"the vocabulary is empty: no word is in the texts of {self.groups} groups"],
        }
        return Scores(values, details=details)

    @property
    def _title(self) -> str:
        return f"difficulty rare-words with vocabulary: {self.vocabulary}"

    def _vocabulary(self, corpus: Corpus | None) -> frozenset[str]:
        if self.vocabulary == "wordfreq":
            return most_common(self.language, self.size, self._title)
        if corpus is None:
            raise FairforgetError(f"{self._title}: there is no corpus; write vocabulary: wordfreq")
        return training_vocabulary(corpus, self.size, self.groups)

    def _count(self, sample: Sample, vocabulary: frozenset[str]) -> tuple[int, int, int]:
        """Return the number of words, of rare ones that are no names, and of rare names."""
        known_names = proper_names((sample.prompt, sample.completion))
        read = [w for text in parts(sample, self.on) for w in spelled_words(text) if not is_number(w)]
        rare = [w for w in read if not is_in(w.casefold(), vocabulary)]
        names = sum(is_capitalised(w) and without_possessive(w.casefold()) in known_names for w in rare)
        return len(read), len(rare) - names, names
