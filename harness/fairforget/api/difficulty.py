"""Difficulty scores: one number a sample on the target model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fairforget.api.plugin import Plugin
from fairforget.api.score import HigherIs, Scores

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet


class Difficulty(Plugin, ABC):
    """How hard each sample is to unlearn."""

    higher_is: ClassVar[HigherIs]
    """Whether a higher score means that the sample is easier or harder to unlearn."""
    needs_model: ClassVar[bool] = True
    """Whether `score` looks at the model; if not, it is called with None. The target is made all the same: the
    samples are in its tokens, and kept scores are found by its weights."""

    @property
    def unit(self) -> str:
        """What the number counts, with these options; empty for a pure number. A class attribute does as well."""
        return ""

    def depends_on(self) -> Mapping[str, Any]:
        """Return what decides the scores besides the model, the samples and the options: what lies at a path.

        Kept scores are found again by it, so it names contents (digests, commits) and not places. JSON-able; it is
        asked for before any score, without a model, and must import nothing heavy.

        Raises:
            FairforgetError: something it needs is not there; the message names the option and the mend.
        """
        return {}

    def passes(self) -> int | None:
        """Return what a sample costs with these options, for a price before anything is scored.

        In forward-equivalents: passes through a model, a backward pass counting 2. At most, where a rule may end the
        scoring early, and without what is tried on a sample or two beforehand. 0 where no model is asked, None where it
        depends on more than the options. It imports nothing heavy.
        """
        return None

    @abstractmethod
    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores | np.ndarray:
        """Return one finite number a sample (NaN where there is none), in the order of `samples`: (n,).

        The model is in eval mode and must be bitwise the same afterwards, also when an exception passes.
        """
