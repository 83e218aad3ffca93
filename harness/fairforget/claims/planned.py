"""A claim whose studies are planned: nothing runs until every part of it is valid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.errors import FairforgetError
from fairforget.study.options import Built, build
from fairforget.study.planning import make_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairforget.claims.claim import Claim, Site
    from fairforget.registry import Registry
    from fairforget.study.plan import Plan


@dataclass(frozen=True, slots=True)
class SetWanted:
    """One score set: a difficulty under one seed."""

    difficulty: Built
    seed: int


@dataclass(frozen=True, slots=True)
class PlannedSite:
    """A site of a claim with what runs there."""

    site: Site
    plan: Plan
    scores: tuple[SetWanted, ...]
    """In the order of the claim's file, seed by seed."""

    @property
    def study(self) -> str:
        """Name of the study."""
        return self.plan.study.name

    def folder(self, out: Path) -> Path:
        """Return where its cells and scores lie: ``OUT/<study>/<target>[.<part>]``, whichever claim wants them."""
        return out / self.study / self.site.name


@dataclass(frozen=True)
class PlannedClaim:
    """A claim and its sites."""

    claim: Claim
    sites: tuple[PlannedSite, ...]

    @cached_property
    def targets(self) -> dict[str, tuple[PlannedSite, ...]]:
        """The sites by target, in the order of the file."""
        return {name: tuple(s for s in self.sites if s.site.target == name) for name in self.claim.targets}


def plan_claim(claim: Claim, registry: Registry) -> PlannedClaim:
    """Plan the studies of a claim.

    Raises:
        FairforgetError: a study or a difficulty is wrong; the message names the claim.
    """
    where = f"claim {claim.name}"
    scores = [
        SetWanted(build(registry, "difficulty", wanted.difficulty, where), seed)
        for wanted in claim.scores
        for seed in range(wanted.seeds)
    ]
    plans = [make_plan(site.study.study, registry, site.study.places) for site in claim.sites]
    sites = zip(claim.sites, plans, strict=True)
    return PlannedClaim(claim, tuple(PlannedSite(site, plan, tuple(scores)) for site, plan in sites))


def check_shared(claims: Sequence[PlannedClaim]) -> None:
    """Find out whether claims that name one study, target and part mean the same.

    Raises:
        FairforgetError: they do not, and would overwrite each other's results; or two claims have one name.
    """
    first: dict[tuple[str, str], tuple[str, dict[str, object]]] = {}
    names: set[str] = set()
    for planned in claims:
        name = planned.claim.name
        if name in names:
            msg = f"two claims are called {name}; name each once, and give files names of their own"
            raise FairforgetError(msg)
        names.add(name)
        for site in planned.sites:
            says = site.plan.study.identity()
            other, known = first.setdefault((site.study, site.site.name), (name, says))
            if differing := [key for key in says if says[key] != known[key]]:
                msg = (
                    f"claims {other} and {name} both run the study {site.study} on {site.site.name}, and differ in "
                    f"{', '.join(differing)}; give the study of one of them another name"
                )
                raise FairforgetError(msg)
