"""What a score owes to the part of a set that was drawn to compute it from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from fairforget_samplers.difficulty.reliability import split_half, standard_error

GROUPS: Final = 20
"""Groups that are left out one by one, at most."""


def jackknife(
    values: np.ndarray, scored: Callable[[np.ndarray], np.ndarray], drawn: int, of: int, rng: np.random.Generator
) -> tuple[np.ndarray, float | None]:
    r"""Return the standard error of scores that come from `drawn` members of a set, (n,), and their reliability.

    Pseudo-values :math:`G\hat s-(G-1)\hat s_{-g}` over G groups of the members stand for draws. The error is that of
    drawing from a finite set, and none where all of it was drawn; the reliability leaves that out, and is the lower.

    Args:
        values: (n,) the scores with all members.
        scored: the scores (n,) with the members at these positions only, (some,) int.
        drawn: how many members there are, at positions 0 … drawn - 1.
        of: how many they were drawn from.
        rng: makes groups and halves.
    """
    groups = np.array_split(rng.permutation(drawn), min(GROUPS, drawn))
    if len(groups) < 2:
        return np.full(len(values), np.nan), None
    count, everyone = len(groups), np.arange(drawn)
    with np.errstate(invalid="ignore"):
        left = np.stack([scored(np.setdiff1d(everyone, group)) for group in groups])
        pseudo = count * values - (count - 1) * left
    return standard_error(pseudo) * np.sqrt(1 - drawn / of), split_half(pseudo, rng)
