"""Length of the completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairforget.api import Difficulty, Scores
from fairforget.lm.change import scorable

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Length(Difficulty):
    """Number of scored tokens of the completion; the confounder every other score has to be set beside.

    A larger value is read as easier to unlearn, because the values of `mrd` printed in Table 7 of arXiv 2504.06658 rise
    with the length of their examples; there is no evidence of its own for either direction.
    """

    higher_is = "easier"
    unit = "token"
    needs_model = False

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at."""
        values = np.array([float(s.length) if s.length else np.nan for s in samples])
        return Scores(values, details={"excluded": scorable(samples)[1]})
