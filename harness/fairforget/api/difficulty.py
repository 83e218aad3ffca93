"""Difficulty scores: one number a sample on the target model."""

from __future__ import annotations

from abc import ABC, abstractmethod
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
    unit: ClassVar[str] = ""
    """What the number counts; empty for a pure number."""
    needs_model: ClassVar[bool] = True
    """Whether `score` looks at the model; if not, it is called with None and no target has to be made."""

    @abstractmethod
    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores | np.ndarray:
        """Return one finite number a sample (NaN where there is none), in the order of `samples`: (n,).

        The model is in eval mode and must be bitwise the same afterwards, also when an exception passes.
        """
