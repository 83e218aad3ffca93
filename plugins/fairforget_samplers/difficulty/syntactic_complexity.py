"""How sentences are built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from fairforget.api import Difficulty, Scores
from fairforget_samplers.difficulty.lexical_diversity import LexicalDiversity, Measure
from fairforget_samplers.text.dependency import dependency_features
from fairforget_samplers.text.parts import On, parts
from fairforget_samplers.text.spacy_trees import load_parser, parsed, pipeline_identity
from fairforget_samplers.text.standardise import listed, mean_z, spread, standardised
from fairforget_samplers.text.surface import surface_features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairforget.api import Sample
    from fairforget.lm.tokens import SampleSet

SURFACE = ("words_per_sentence", "subordinators_per_sentence", "pauses_per_sentence", "word_length")
TREES = ("dependency_distance", "tree_depth", "clauses_per_sentence")


@dataclass(frozen=True)
class SyntacticComplexity(Difficulty):
    r"""How involved the sentences of a sample are, relative to the other samples.

    The mean of z-scores over the samples. Without a parser: words per sentence, subordinators and relative pronouns per
    sentence (English), commas and semicolons per sentence, mean word length. With spaCy: mean dependency distance
    :math:`\frac1{n-s}\sum\lvert i-\mathrm{head}(i)\rvert` (Liu 2008), tree depth and clauses per sentence, punctuation
    left out. Being relative, a value means nothing outside its pool.

    With ``lexical`` the value is the semantic complexity of arXiv 2504.06658 (section 3.3), lexical diversity and
    syntactic complexity together: :math:`\frac12(z_\mathrm{lex}+z_\mathrm{syn})`. The paper names no formula for
    either; these are our reading.

    A larger value is easier to unlearn: samples of high semantic complexity have the higher `mrd` (Table 7 there: 1.00
    against 0.31).
    """

    higher_is = "easier"
    unit = "standard deviation"
    needs_model = False
    on: Annotated[On, "the text whose sentences are read"] = "completion"
    parser: Annotated[Literal["none", "spacy"], "spacy: dependency trees, by the pipeline in `model`"] = "none"
    model: Annotated[Path | None, "folder of a spaCy pipeline with a parser; fairforget brings none"] = None
    lexical: Annotated[
        Literal["none"] | Measure, "measure of lexical diversity to average with: semantic complexity"
    ] = "none"

    def depends_on(self) -> Mapping[str, Any]:
        """Return the content of the pipeline.

        Raises:
            FairforgetError: spaCy or the pipeline is missing.
        """
        return pipeline_identity(self.model, self._title) if self.parser == "spacy" else {}

    def passes(self) -> int:
        """No model is asked."""
        return 0

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at.

        Raises:
            FairforgetError: spaCy or the pipeline is missing, or the pipeline cannot parse.
        """
        texts = [s.sample for s in samples]
        features = self._features(texts)
        syntactic = mean_z(features)
        excluded = {s.id: "no words" for s, v in zip(texts, syntactic, strict=True) if np.isnan(v)}
        details: dict[str, Any] = {
            "parser": self.parser,
            "on": self.on,
            "features": {name: spread(values) for name, values in features.items()},
            "warnings": _without_spread(features),
        }
        if self.lexical == "none":
            return Scores(syntactic, details={**details, "excluded": excluded})
        found = LexicalDiversity(measure=self.lexical, on=self.on).score(None, samples, rng)
        both = {"lexical_diversity": np.where(np.isnan(syntactic), np.nan, found.values)}
        both["syntactic_complexity"] = np.where(np.isnan(found.values), np.nan, syntactic)
        details["lexical"] = self.lexical
        details["parts"] = {name: listed(standardised(values)) for name, values in both.items()}
        details["warnings"] += [*_without_spread(both), *found.details["warnings"]]
        return Scores(mean_z(both), details={**details, "excluded": {**found.details["excluded"], **excluded}})

    @property
    def _title(self) -> str:
        return "difficulty syntactic-complexity with parser: spacy"

    def _features(self, samples: list[Sample]) -> dict[str, np.ndarray]:
        """Return the features of every sample, NaN where there are no words: each (n,)."""
        texts = [parts(sample, self.on) for sample in samples]
        if self.parser == "none":
            rows = [surface_features(each) for each in texts]
        else:
            trees = iter(parsed(load_parser(self.model, self._title), [text for each in texts for text in each]))
            rows = [dependency_features([tree for _ in each for tree in next(trees)]) for each in texts]
        names = SURFACE if self.parser == "none" else TREES
        return {name: np.array([np.nan if row is None else row[name] for row in rows]) for name in names}


def _without_spread(features: Mapping[str, np.ndarray]) -> list[str]:
    known = {name: values[np.isfinite(values)] for name, values in features.items()}
    return [
        f"{name} is the same for every sample and adds nothing"
        for name, values in known.items()
        if len(values) and not standardised(values).any()
    ]
