"""Length of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from fairforget.api import Difficulty, Scores
from fairforget_samplers.text.parts import On

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Length(Difficulty):
    """Number of tokens, of the completion unless asked otherwise; the confounder every other score is set beside.

    The prompt counts with what its template and its tokenizer put around it, a token of begin-of-text included.

    A larger value is read as easier to unlearn, because the values of `mrd` printed in Table 7 of arXiv 2504.06658 rise
    with the length of their examples; there is no evidence of its own for either direction.
    """

    higher_is = "easier"
    unit = "token"
    needs_model = False
    on: Annotated[On, "whose tokens are counted"] = "completion"

    def passes(self) -> int:
        """No model is asked."""
        return 0

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at. A sample without scored tokens has no score."""
        counts = {"completion": [s.length for s in samples], "prompt": [s.start for s in samples]}
        counts["both"] = [s.end for s in samples]
        values = np.array([n if s.length else np.nan for s, n in zip(samples, counts[self.on], strict=True)], float)
        excluded = {s.sample.id: "no scored tokens" for s in samples if not s.length}
        return Scores(values, details={"on": self.on, "excluded": excluded})
