"""Difficulty scores as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

HigherIs = Literal["easier", "harder"]
"""What a higher number of a `Difficulty` says of a sample: easier or harder to unlearn."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a `Difficulty` says of a list of samples, in their order.

    A difficulty may also return the bare array; it then has no error bars.
    """

    values: np.ndarray
    """(n,) float64; NaN where a sample cannot be scored (for example no scored tokens)."""
    stderr: np.ndarray | None = None
    """(n,) standard error of each value; None for a score without randomness."""
    reliability: float | None = None
    """Split-half rank reliability, Spearman-Brown corrected; None for a score without randomness."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able facts to keep with the scores: draws used, clamped share, non-finite draws, … A mapping ``excluded``
    says, by sample id, why a sample has no score; texts in a list ``warnings`` are told to the user."""
