"""The null control: the same method against itself under another seed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from fairforget.board.agreed import Chance, NullControl
from fairforget.board.compared import Pair
from fairforget.board.comparing.pairs import Counting
from fairforget.stats.cube import PairedCube
from fairforget.stats.null_control import null_control


def null_of(counting: Counting, pairs: Sequence[Pair]) -> NullControl | None:
    """Return how often order reverses where nothing differs, over the draws that have several seeds.

    The noise of seeds is each run's own, so forget sets that share samples need no correction here.
    """
    found = null_control(_several_seeds(counting.cube))
    if found is None:
        return None
    shares = found.shares
    return NullControl(
        pairs=found.pairs,
        draws=found.draws,
        reversals=Chance(shares.mean, shares.low, shares.high, shares.n),
        expected=found.expected,
        median=median(pair.reversals.value for pair in pairs),
        significant=found.significant,
    )


def _several_seeds(cube: PairedCube) -> np.ndarray:
    """Return (rows, draws, seeds) of the draws with more than one seed, as many of each as all of these have."""
    asked = cube.asked()
    counts = asked.sum(axis=1)
    draws = np.flatnonzero(counts > 1)
    seeds = int(counts[draws].min(initial=cube.values.shape[2]))
    found = [cube.values[:, draw, np.flatnonzero(asked[draw])[:seeds]] for draw in draws]
    return np.stack(found, axis=1) if found else np.empty((len(cube.values), 0, seeds))
