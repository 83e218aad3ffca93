"""How much the draws of a stratum have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fairforget.study.cell import canonical_json
from fairforget.study.draws import Draw

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Overlap:
    """The pairs of draws of one stratum of one sampler.

    Draws that share samples are not independent: intervals over them are too narrow (Nadeau and Bengio 2003).
    """

    sampler: str
    """Canonical name."""
    stratum: str
    draws: int
    repeated: int
    """Draws that are another one of the stratum over again."""
    sets: tuple[tuple[str, ...], ...] = field(repr=False)
    """Ids of the samples of each draw."""

    @property
    def mean(self) -> float:
        """Mean over pairs of |A ∩ B| / min(|A|, |B|); 0 where there is no pair."""
        return float(self._pairs.mean()) if self._pairs.size else 0.0

    @property
    def largest(self) -> float:
        """The same of the pair that shares most."""
        return float(self._pairs.max()) if self._pairs.size else 0.0

    @cached_property
    def _pairs(self) -> np.ndarray:
        # Made when it is asked for: there are half a million pairs of a thousand draws.
        import numpy as np

        ids = {name: i for i, name in enumerate(dict.fromkeys(name for draw in self.sets for name in draw))}
        member = np.zeros((len(self.sets), len(ids)), dtype=np.float32)
        for row, draw in enumerate(self.sets):
            member[row, [ids[name] for name in draw]] = 1
        sizes = member.sum(1)
        shares: np.ndarray = (member @ member.T) / np.minimum.outer(sizes, sizes)
        return shares[np.triu_indices(len(self.sets), 1)]


def overlaps(draws: Iterable[Draw]) -> list[Overlap]:
    """Return the overlap of every stratum of every sampler, in the order of the draws."""
    strata: dict[tuple[str, str], list[Draw]] = {}
    for draw in draws:
        strata.setdefault((canonical_json(draw.sampler), draw.stratum), []).append(draw)
    return [_overlap(found) for found in strata.values()]


def _overlap(draws: Sequence[Draw]) -> Overlap:
    return Overlap(
        sampler=str(draws[0].sampler["name"]),
        stratum=draws[0].stratum,
        draws=len(draws),
        repeated=len(draws) - len({draw.digest for draw in draws}),
        sets=tuple(draw.forget for draw in draws),
    )
