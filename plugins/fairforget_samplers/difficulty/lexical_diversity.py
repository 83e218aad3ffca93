"""Variety of the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget_samplers.text.diversity import FEWEST, hdd, mattr, mtld
from fairforget_samplers.text.parts import On, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairforget.lm.tokens import SampleSet

Measure = Literal["mtld", "mattr", "hdd"]


@dataclass(frozen=True)
class LexicalDiversity(Difficulty):
    r"""How varied the words of a sample are, without regard to case.

    ``mtld`` (McCarthy and Jarvis 2010): the mean number of words until the type-token ratio falls to 0.72, with partial
    factors, mean of both directions; where no word recurs, what it would be if the next one did,
    :math:`0.28\,n(n+1)`. ``mattr`` (Covington and McFall 2010): mean type-token ratio of all windows. ``hdd`` (McCarthy
    and Jarvis 2007): expected type-token ratio of 42 words drawn at random. On texts shorter than the window, or than
    the words drawn, the latter two are the type-token ratio itself, which falls with length; ``mtld`` rises with the
    length of such texts. Set `length` beside them.

    A larger value is easier to unlearn: semantic complexity, of which this is one half, goes with a higher `mrd`
    (arXiv 2504.06658, section 3.3 and Table 7: 1.00 against 0.31).
    """

    higher_is = "easier"
    needs_model = False
    measure: Annotated[Measure, "the measure of diversity"] = "mtld"
    on: Annotated[On, "the text whose words are read"] = "completion"
    window: Annotated[int, "words in a window of mattr", Field(ge=1)] = 50
    draws: Annotated[int, "words that hdd draws", Field(ge=1)] = 42

    @property
    def unit(self) -> str:
        """MTLD is a length, the others are ratios."""
        return "word" if self.measure == "mtld" else ""

    def passes(self) -> int:
        """No model is asked."""
        return 0

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; the model is not looked at. Too few words (under 5; for ``mattr`` none) give no score."""
        read = [words_of(s.sample, self.on) for s in samples]
        values = np.array([self._value(found) for found in read], dtype=float)
        few = f"fewer than {FEWEST} words" if self.measure != "mattr" else "no words"
        excluded = {s.sample.id: few for s, v in zip(samples, values, strict=True) if np.isnan(v)}
        scored = [found for found, v in zip(read, values, strict=True) if not np.isnan(v)]
        details = {"measure": self.measure, "on": self.on, "excluded": excluded}
        return Scores(values, details=details | self._reach(scored))

    def _value(self, found: Sequence[str]) -> float:
        if self.measure == "mtld":
            return mtld(found)
        return mattr(found, self.window) if self.measure == "mattr" else hdd(found, self.draws)

    def _reach(self, scored: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Return how many samples are at the limit of what the measure can tell, with a warning if most are."""
        if self.measure == "mtld":
            limit = sum(len(set(found)) == len(found) for found in scored)
            name, what = "unrepeated", "no word recurs; their MTLD is a bound that depends on their length alone"
        else:
            span = self.window if self.measure == "mattr" else self.draws
            limit = sum(len(found) <= span for found in scored)
            name, what = "short", f"there are at most {span} words; their value is the type-token ratio"
        told = [f"in {limit} of {len(scored)} samples {what}"] if 2 * limit > len(scored) else []
        return {name: limit, "warnings": told}
