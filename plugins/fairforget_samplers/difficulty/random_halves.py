"""Models that were trained on random halves of the pool: what each says of samples that it saw and did not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

NOT_IN_THE_POOL = "not in the pool, so that no model was trained without it"


@dataclass(frozen=True, slots=True, eq=False)
class OverHalves:
    """What pairs of models say of n samples."""

    within: np.ndarray
    """(pairs, n) by that model of the pair which was trained on the sample; NaN where there is none."""
    without: np.ndarray
    """(pairs, n) by the other one."""
    excluded: dict[str, str]
    """Why a sample is not known, by id."""


def halves(ids: Sequence[str], pairs: int) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Return `pairs` random divisions of samples into two halves, the first the smaller one where they are odd.

    They depend on nothing but the ids, so that every score of one target asks the same models, which are trained once.
    """
    ordered = sorted(ids)
    found = []
    for pair in range(pairs):
        shuffled = [ordered[i] for i in np.random.default_rng(pair).permutation(len(ordered))]
        middle = len(ordered) // 2
        found.append((frozenset(shuffled[:middle]), frozenset(shuffled[middle:])))
    return found


def ask_halves(
    owner: str, samples: SampleSet, pairs: int, measure: Callable[[Any, SampleSet], np.ndarray]
) -> OverHalves:
    """Ask models that the target's recipe makes with one half of the pool left out, and with the other half.

    Every sample is in one half of each pair, so that each pair of models has one that saw it and one that did not, and
    as many models speak on either side. What is not in the pool all of them are trained on. One model is in memory at a
    time.

    Args:
        owner: what messages begin with.
        samples: what they are asked about.
        pairs: of models.
        measure: asks a model: (n,) numbers, NaN where there is none.

    Raises:
        FairforgetError: there is nothing to train such models by.
    """
    if samples.retrained is None or samples.corpus is None:
        raise FairforgetError(
            f"{owner}: it trains models without samples of the pool, which can be done for the whole pool of a task "
            "only; name it where a pool is scored (samplers, fairforget score, scores of a claim), not in a curriculum"
        )
    ids = [sample.sample.id for sample in samples]
    known = {sample.id for sample in samples.corpus.pool}
    within, without = (np.full((pairs, len(samples)), np.nan) for _ in range(2))
    for pair, divided in enumerate(halves(sorted(known), pairs)):
        for left_out in divided:
            values = _asked(samples.retrained, left_out, samples, measure)
            unseen = np.array([name in left_out for name in ids], dtype=bool)
            seen = np.array([name in known and name not in left_out for name in ids], dtype=bool)
            without[pair, unseen], within[pair, seen] = values[unseen], values[seen]
    return OverHalves(within, without, {name: NOT_IN_THE_POOL for name in ids if name not in known})


def _asked(
    retrained: Callable[[frozenset[str]], Any],
    left_out: frozenset[str],
    samples: SampleSet,
    measure: Callable[[Any, SampleSet], np.ndarray],
) -> np.ndarray:
    return measure(retrained(left_out), samples)
