"""Pools that samplers are tried on, smallest first: the first that shows a fault is the smallest case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fairforget.api import Pool, PoolScore, Sample

if TYPE_CHECKING:
    import numpy as np

    from fairforget.api import HigherIs

DISTRIBUTIONS: Final = ("in", "canary", "shuffled", "domain")
"""Values of the attribute ``distribution``, the same for all samples of a group, as in the embedded task."""
_FREQUENCIES: Final = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class PoolCase:
    """A pool, and how many samples are wanted of it."""

    title: str
    pool: Pool
    size: int

    def __str__(self) -> str:
        """Say how large it is."""
        unit = "groups" if self.pool.whole_groups else "samples"
        counts = f"{len(self.pool.samples)} samples in {len(self.pool.units())} {unit}"
        return f"a pool of {counts} ({self.title}), forget size {self.size}"

    def apart_from(self, taken: Sequence[str]) -> PoolCase:
        """Return the case with these samples drawn before."""
        return replace(self, pool=replace(self.pool, taken=frozenset(taken)))


def pool_cases(directions: Mapping[str, HigherIs]) -> tuple[PoolCase, ...]:
    """Return pools with and without groups, of like and unlike size, down to one unit.

    Args:
        directions: the scores that the sampler needs, with what a higher one says.
    """

    def case(title: str, sizes: Sequence[int], size: int, *, whole: bool) -> PoolCase:
        return PoolCase(title, make_pool(sizes, directions, whole=whole), size)

    return (
        case("one unit", [2], 2, whole=True),
        case("without groups", [1] * 6, 2, whole=False),
        case("pairs", [2] * 12, 4, whole=True),
        case("groups of unlike size", [1, 2, 3, 4] * 3, 6, whole=True),
        case("groups that may be cut", [4] * 12, 7, whole=False),
        case("without groups", [1] * 48, 12, whole=False),
        case("more wanted than there is", [2] * 12, 100, whole=True),
    )


def ample(directions: Mapping[str, HigherIs]) -> PoolCase:
    """Return a pool of 48 pairs of which 8 samples are wanted."""
    return PoolCase("pairs", make_pool([2] * 48, directions, whole=True), 8)


def make_pool(
    sizes: Sequence[int], directions: Mapping[str, HigherIs], *, whole: bool, unscored: Sequence[int] = ()
) -> Pool:
    """Return a pool with made-up samples, lengths and scores, the same ones at every call.

    Args:
        sizes: of the groups; samples have no group where all are 1 and none has to be whole.
        directions: the scores it has, with what a higher one says.
        whole: whether groups are drawn whole.
        unscored: positions of samples without a score.
    """
    import numpy as np

    rng = np.random.default_rng(len(sizes))
    grouped = whole or max(sizes) > 1
    samples: list[Sample] = []
    for number, count in enumerate(sizes):
        shared = {"distribution": DISTRIBUTIONS[number % 4], "frequency": _FREQUENCIES[number % 5]}
        samples += [
            Sample(
                f"s{number:02d}-{i}",
                f"What is fact {i} of number {number}?",
                " ".join(f"word{number}-{i}-{k}" for k in range(2 + (3 * number + i) % 7)),
                f"g{number:02d}" if grouped else None,
                shared,
            )
            for i in range(count)
        ]
    lengths = np.array([len(sample.completion.split()) for sample in samples])
    scores = {name: PoolScore(_scores(len(samples), rng, unscored), way, 0.95) for name, way in directions.items()}
    return Pool(tuple(samples), lengths, whole, scores)


def _scores(count: int, rng: np.random.Generator, unscored: Sequence[int]) -> np.ndarray:
    import numpy as np

    values = rng.permutation(count) + rng.random(count) / 2
    values[list(unscored)] = np.nan
    return values
