"""Drawing: the loop over directions, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fairforget_samplers.difficulty.reliability import split_half

if TYPE_CHECKING:
    from fairforget.lm.change import Change
    from fairforget.lm.perturb import Perturbation
    from fairforget_samplers.difficulty.draws import Draws

EARLY_LOOK, FIRST_LOOK = 4, 8
"""Directions before the reliability is first asked for; then after every quarter more: few looks are lucky ones."""
ENOUGH_SAMPLES, MANY_SAMPLES = 10, 40
"""With fewer than enough, a rank correlation says too little to stop by, and all directions are drawn; with many, it
says enough for the early look: halves of two directions that agree by luck are too rare among so many."""


@dataclass
class Stop:
    """Says when draws agree well enough to end."""

    until: float | None
    """Split-half reliability at which to end; None = never."""
    samples: int
    """How many samples have finite values."""
    halver: np.random.Generator
    _look: int = field(init=False)

    def __post_init__(self) -> None:
        self._look = EARLY_LOOK if self.samples >= MANY_SAMPLES else FIRST_LOOK

    def reached(self, values: Sequence[np.ndarray]) -> float | None:
        """Return the reliability of `values`, (n,) each, where it is enough; None to go on."""
        if self.until is None or self.samples < ENOUGH_SAMPLES or len(values) != self._look:
            return None
        self._look = max(FIRST_LOOK, math.ceil(1.25 * self._look))
        found = split_half(np.stack(values), self.halver)
        return found if found is not None and found >= self.until else None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The draws of n samples."""

    values: np.ndarray
    """(directions, n) float64; not finite where the model broke."""
    linear: np.ndarray
    """(n,) root mean square of the change to first order."""
    finite: np.ndarray
    """(n,) bool: whether the sample is finite on the unchanged model."""
    reliability: float | None
    """Where the drawing ended by it."""
    forwards: int
    """Passes over the n samples."""
    tokens: int
    near_zero: int
    clamped: int

    @property
    def directions(self) -> int:
        """How many were drawn."""
        return len(self.values)

    @classmethod
    def joined(cls, parts: Sequence[Drawn], positions: Sequence[Sequence[int]]) -> Drawn:
        """Return the draws of all samples from those of parts of them, which stand at `positions`."""
        size = sum(map(len, positions))
        deepest = max((len(p.values) for p in parts), default=0)
        values, linear = np.full((deepest, size), np.nan), np.full(size, np.nan)
        finite = np.zeros(size, dtype=bool)
        for part, where in zip(parts, positions, strict=True):
            values[: len(part.values), where], linear[where], finite[where] = part.values, part.linear, part.finite
        counts = (sum(getattr(p, name) for p in parts) for name in ("tokens", "near_zero", "clamped"))
        reliability = parts[0].reliability if len(parts) == 1 else None
        return cls(values, linear, finite, reliability, max((p.forwards for p in parts), default=0), *counts)


def collect(
    draws: Draws, noise: Perturbation, change: Change, seeds: Sequence[int], halver: np.random.Generator
) -> Drawn:
    """Move the weights along the direction of every seed and measure; stop at the reliability that is asked for."""
    values: list[np.ndarray] = []
    squares = np.zeros(len(change.finite))
    reliability = None
    stop = Stop(draws.until, int(change.finite.sum()), halver)
    for seed in seeds if change.finite.any() else ():
        noise.move(seed, draws.sigma, draws.relative)
        here = change()
        if draws.antithetic:
            noise.reflect()
            there = change()
            squares += np.nan_to_num((here - there) / 2, posinf=0, neginf=0) ** 2
            values.append((draws.fold(here) + draws.fold(there)) / 2)
        else:
            squares += np.nan_to_num(here, posinf=0, neginf=0) ** 2
            values.append(draws.fold(here))
        if (reliability := stop.reached(values)) is not None:
            break
    passes = len(values) * (2 if draws.antithetic else 1)
    return Drawn(
        np.stack(values) if values else np.empty((0, len(change.finite))),
        np.sqrt(squares / max(1, len(values))),
        change.finite,
        reliability,
        1 + passes if len(change.finite) else 0,
        change.tokens,
        change.near_zero,
        change.clamped,
    )
