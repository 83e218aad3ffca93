"""Stopping early: the draw counts as forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fairforget.lm.memory import memorization_accuracy, memory
from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import SampleSet
from fairforget.run.ledger import Ledger


@dataclass(frozen=True)
class Level:
    """What MA and EL have to fall below; NaN where the texts are too short for an EL."""

    memorization_accuracy: float
    extraction_likelihood: float


@dataclass(frozen=True)
class MemorizationRule:
    """Both the mean MA and the mean EL_n of the forget samples at or below a level (Jang et al. 2023, 2504.06658 C.4).

    The level is the mean over unseen samples on the target (policy ``unseen``), over all samples of the pool on the
    target (``paper_literal``: by construction about half of the samples start below it), or over the draw's samples
    on the oracle (``retrain``).
    """

    level: Level
    every: int | None
    """Updates between two looks; None = once an epoch."""
    n: int
    """Tokens of an n-gram of EL."""
    stride: int
    """Prefixes of EL are x_<t for every `stride`-th t."""

    def due(self, updates: int, updates_per_epoch: int) -> bool:
        """Return whether to look after this many updates."""
        return updates > 0 and updates % (self.every or updates_per_epoch) == 0

    def met(self, model: Any, samples: SampleSet, ledger: Ledger) -> bool:
        """Return whether the samples count as forgotten; the passes are booked under ``stopping``."""
        with ledger.phase("stopping"):
            # One pass tells MA; only a sample that has lost it is worth the generations of EL.
            hits = token_scores(model, samples).hits
            recited = [memorization_accuracy(h, bare=not s.sample.prompt) for h, s in zip(hits, samples, strict=True)]
            if not _mean(np.array(recited)) <= self.level.memorization_accuracy:
                return False
            left = measure_level(model, samples, n=self.n, stride=self.stride).extraction_likelihood
        known = np.isfinite(left) and np.isfinite(self.level.extraction_likelihood)
        return bool(left <= self.level.extraction_likelihood) if known else True


def measure_level(model: Any, samples: SampleSet, *, n: int, stride: int) -> Level:
    """Return the means of MA and EL_n over `samples`; samples too short for an EL are left out of its mean."""
    found = memory(model, samples, n=n, stride=stride)
    return Level(_mean(found.memorization_accuracy), _mean(found.extraction_likelihood))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
