"""How much the draws of a stratum have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fairforget.study.cell import canonical_json
from fairforget.study.draws import Draw


@dataclass(frozen=True, slots=True)
class Overlap:
    """The pairs of draws of one stratum of one sampler.

    Draws that share samples are not independent: intervals over them are too narrow (Nadeau and Bengio 2003).
    """

    sampler: str
    """Canonical name."""
    stratum: str
    draws: int
    mean: float
    """Mean over pairs of |A ∩ B| / min(|A|, |B|); 0 where there is no pair."""
    largest: float
    """The same of the pair that shares most."""
    repeated: int
    """Draws that are another one of the stratum over again."""


def overlaps(draws: Iterable[Draw]) -> list[Overlap]:
    """Return the overlap of every stratum of every sampler, in the order of the draws."""
    strata: dict[tuple[str, str], list[Draw]] = {}
    for draw in draws:
        strata.setdefault((canonical_json(draw.sampler), draw.stratum), []).append(draw)
    return [_overlap(found) for found in strata.values()]


def _overlap(draws: Sequence[Draw]) -> Overlap:
    import numpy as np

    ids = {name: i for i, name in enumerate(dict.fromkeys(name for draw in draws for name in draw.forget))}
    member = np.zeros((len(draws), len(ids)), dtype=np.float32)
    for row, draw in enumerate(draws):
        member[row, [ids[name] for name in draw.forget]] = 1
    sizes = member.sum(1)
    shares = (member @ member.T) / np.minimum.outer(sizes, sizes)
    pairs = shares[np.triu_indices(len(draws), 1)]
    return Overlap(
        sampler=str(draws[0].sampler["name"]),
        stratum=draws[0].stratum,
        draws=len(draws),
        mean=float(pairs.mean()) if pairs.size else 0.0,
        largest=float(pairs.max()) if pairs.size else 0.0,
        repeated=len(draws) - len({draw.digest for draw in draws}),
    )
