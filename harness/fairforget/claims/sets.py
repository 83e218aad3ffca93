"""The score sets that claims want, each once however many claims want it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import Difficulty
from fairforget.api.sample import digest_of
from fairforget.claims.power import pool_size
from fairforget.claims.score_files import score_path, wanted_json
from fairforget.study.cell import canonical_json

if TYPE_CHECKING:
    from fairforget.claims.planned import PlannedClaim, PlannedSite, SetWanted
    from fairforget.claims.score_files import ScoreFile

_NOWHERE: Final = Path()
_AGES: Final = 1e12
"""Seconds that no scoring takes."""


@dataclass(frozen=True)
class SetAt:
    """A score set of the pool of a site."""

    site: PlannedSite
    wanted: SetWanted

    @cached_property
    def key(self) -> str:
        """24 hex digits that no other set under one folder of results has."""
        name = score_path(self.site.folder(_NOWHERE), self.wanted).name
        return digest_of([self.site.study, self.site.site.name, name])[:24]

    @property
    def passes(self) -> int | None:
        """Forward-equivalents a sample, at most; None where the difficulty cannot say."""
        return self.wanted.difficulty.of(Difficulty).passes()  # type: ignore[type-abstract]

    def __str__(self) -> str:
        name = self.wanted.difficulty.entry.name
        return f"{self.site.study} on {self.site.site.name} by {name}, seed {self.wanted.seed}"


def sets_of(claims: Sequence[PlannedClaim]) -> tuple[SetAt, ...]:
    """Return the sets that claims want, each once, pool by pool, the dearest of a pool first.

    Pool by pool, so that few targets are loaded; a dear set that began last would keep every other worker waiting.
    """
    found: dict[str, SetAt] = {}
    pools: dict[tuple[str, str], int] = {}
    for planned in claims:
        for site in planned.sites:
            for wanted in site.scores:
                one = SetAt(site, wanted)
                found.setdefault(one.key, one)
                pools.setdefault((site.study, site.site.name), len(pools))

    def turn(one: SetAt) -> tuple[int, float]:
        cost = one.passes
        return pools[one.site.study, one.site.site.name], -math.inf if cost is None else -cost

    return tuple(sorted(found.values(), key=turn))


def forward_equivalents(sets: Sequence[SetAt]) -> list[int | None]:
    """Return what each set costs, at most.

    Returns:
        None where the difficulty cannot say, or the pool is not on this machine.
    """
    sizes: dict[tuple[str, str], int | None] = {}
    found: list[int | None] = []
    for one in sets:
        if not (passes := one.passes):
            found.append(passes)
            continue
        place = one.site.study, one.site.site.name
        if place not in sizes:
            sizes[place] = pool_size(one.site)
        size = sizes[place]
        found.append(None if size is None else passes * size)
    return found


def kind_of(one: SetAt) -> str:
    """Return what sets of like cost have in common: the difficulty with its options."""
    return canonical_json(wanted_json(one.wanted)["difficulty"])


def seconds_of(found: ScoreFile) -> float:
    """Return the seconds that a set took, as its file says, which may be anybody's."""
    return seconds_in(found.ledger)


def seconds_in(ledger: Mapping[str, Any]) -> float:
    """Return the seconds of a phase of a ledger; 0 where there are none that can be."""
    seconds = ledger.get("seconds")
    sound = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < _AGES
    return float(seconds) if sound and seconds is not None else 0.0
