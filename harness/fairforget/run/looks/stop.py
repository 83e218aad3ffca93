"""When samples count as forgotten, and when the draw does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fairforget.lm.memory import memorization_accuracy, memory
from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import SampleSet


@dataclass(frozen=True)
class Level:
    """What MA and EL have to fall to; NaN where the texts are too short for an EL."""

    memorization_accuracy: float
    extraction_likelihood: float


@dataclass(frozen=True, eq=False)
class Reading:
    """What one look found."""

    forgotten: np.ndarray
    """(n,) bool: samples at or below the level, each by itself; False where EL was not asked for."""
    met: bool
    """Whether the draw counts as forgotten."""


@dataclass(frozen=True)
class MemorizationRule:
    """MA and EL_n of the forget samples at or below a level (Jang et al. 2023; 2504.06658 C.4).

    The level is the mean over unseen samples on the target (policy ``unseen``), over all samples of the pool on the
    target (``paper_literal``: by construction about half of the samples start below it), or over the draw's samples
    on the oracle (``retrain``). The draw counts as forgotten when its mean MA and its mean EL are there, as in Jang's
    code; with a `quantile`, when that share of its samples is there, each by itself.
    """

    level: Level
    n: int
    """Tokens of an n-gram of EL."""
    stride: int
    """Prefixes of EL are x_<t for every `stride`-th t."""
    quantile: float | None = None

    def read(self, model: Any, samples: SampleSet, known: np.ndarray) -> Reading:
        """Look at the samples.

        One pass tells MA. Only samples that have lost it are worth the generations of EL, and of these only the ones
        that are not known to be forgotten, unless the answer for the draw hangs on them.

        Args:
            model: in eval mode.
            samples: n of them.
            known: (n,) bool: samples that were forgotten at an earlier look, whose EL is not asked for again.
        """
        hits = token_scores(model, samples).hits
        accuracy = np.array(
            [memorization_accuracy(h, bare=not s.sample.prompt) for h, s in zip(hits, samples, strict=True)]
        )
        scored = np.isfinite(accuracy)
        low = scored & (accuracy <= self.level.memorization_accuracy)
        if self.quantile is None:
            near = bool(_mean(accuracy) <= self.level.memorization_accuracy)
            wanted = np.full(len(samples), True) if near else low & ~known
        else:
            near = self._enough(low, scored, self.quantile)
            wanted = low if near else low & ~known
        likelihood = np.full(len(samples), np.nan)
        where = np.flatnonzero(wanted)
        if where.size and np.isfinite(self.level.extraction_likelihood):
            found = memory(model, samples.take(where.tolist()), n=self.n, stride=self.stride)
            likelihood[where] = found.extraction_likelihood
        # A text too short for an EL, or a level without one, is judged by MA alone.
        above = likelihood > self.level.extraction_likelihood
        forgotten = low & wanted & ~above
        if self.quantile is None:
            met = near and not _mean(likelihood) > self.level.extraction_likelihood
        else:
            met = near and self._enough(forgotten, scored, self.quantile)
        return Reading(forgotten, met)

    @staticmethod
    def _enough(forgotten: np.ndarray, scored: np.ndarray, quantile: float) -> bool:
        # The small term keeps a share like 0.7 * 10 from asking for an eighth sample.
        return bool(scored.any()) and bool(forgotten.sum() >= quantile * scored.sum() - 1e-9)


def measure_level(model: Any, samples: SampleSet, *, n: int, stride: int) -> Level:
    """Return the means of MA and EL_n over `samples`; samples too short for an EL are left out of its mean."""
    found = memory(model, samples, n=n, stride=stride)
    return Level(_mean(found.memorization_accuracy), _mean(found.extraction_likelihood))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
