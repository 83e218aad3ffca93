"""Drawing whole units at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    import numpy as np

    from fairforget.api import Pool


def take(pool: Pool, units: Sequence[Sequence[int]], stratum: str, size: int, rng: np.random.Generator) -> list[str]:
    """Return the ids of whole `units`, drawn uniformly and without replacement, in the pool's order.

    The units are met in random order, and each that still fits is taken. So all sets are equally likely where the units
    are of one size; where they are not, large ones are somewhat rarer, and the draw is as full as the order allows.
    Units with a sample in `Pool.taken` are passed over.

    Args:
        pool: what the positions in `units` point into.
        units: lists of positions, each taken whole or not at all.
        stratum: named in messages.
        size: samples wanted, at most.
        rng: the only source of randomness.

    Raises:
        FairforgetError: the units that are free hold fewer than `size` samples, or one alone holds more.
    """
    free = drawable(pool, units, stratum, size)
    chosen: list[int] = []
    for place in rng.permutation(len(free)):
        if len(chosen) + len(free[place]) <= size:
            chosen.extend(free[place])
    return [pool.samples[i].id for i in sorted(chosen)]


def drawable(pool: Pool, units: Sequence[Sequence[int]], stratum: str, size: int) -> Sequence[Sequence[int]]:
    """Return the units of which no earlier draw has a sample.

    Raises:
        FairforgetError: they hold fewer than `size` samples, or one alone holds more.
    """
    if size < 1:
        raise FairforgetError(f"forget_size is {size}; a forget set needs at least one sample")
    if not units:
        raise FairforgetError(f"stratum '{stratum}' is empty: there is nothing to draw {size} samples from")
    if pool.taken:
        units = _free(pool, units, stratum, size)
    total = sum(len(unit) for unit in units)
    if total < size:
        held = f"{total} samples in {len(units)} groups" if pool.whole_groups else f"{total} samples"
        raise FairforgetError(
            f"stratum '{stratum}' has {held}, and forget_size is {size}; lower forget_size to at most {total}, or make "
            "the stratum larger (fewer bins, a larger pool)"
        )
    largest = max(units, key=len)
    if len(largest) > size:
        first = pool.samples[largest[0]]
        raise FairforgetError(
            f"group {first.group!r} in stratum '{stratum}' has {len(largest)} samples, more than forget_size {size}; "
            f"groups are drawn whole, so raise forget_size to at least {len(largest)}"
        )
    return units


def noun(pool: Pool) -> str:
    """Return what is drawn from a pool, in words."""
    return "groups" if pool.whole_groups else "samples"


def _free(pool: Pool, units: Sequence[Sequence[int]], stratum: str, size: int) -> list[Sequence[int]]:
    """Return the units of which no earlier draw has a sample."""
    free = [unit for unit in units if not any(pool.samples[i].id in pool.taken for i in unit)]
    left = sum(len(unit) for unit in free)
    if left < size:
        raise FairforgetError(
            f"the draws before this one leave {left} of the {sum(map(len, units))} samples of stratum '{stratum}', and "
            f"forget_size is {size}; lower draws or forget_size, make the stratum larger (fewer bins, a larger pool), "
            "or write disjoint: false"
        )
    return free
