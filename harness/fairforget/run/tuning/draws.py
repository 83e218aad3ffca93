"""The forget sets of tuning: of groups that nothing else has seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget.run.seeds import stream
from fairforget.study.draws import Draw, Unit, forget_digest, unit_of
from fairforget.version import version

if TYPE_CHECKING:
    from fairforget.study.plan import Plan

STRATUM: Final = "tuning"
Groups = Mapping[str, str]
"""The group of every sample of the pool, by its id; a sample without one is its own."""


def tuning_draws(
    samples: Sequence[Sample], taken: Collection[str], *, data: str, unit: Unit, size: int, draws: int, seed: int
) -> tuple[Draw, ...]:
    """Return forget sets that have no group in common with one another, nor with what is `taken`.

    They are drawn uniformly from what is left of the pool. A group counts as taken where one sample of it is, also
    where single samples are drawn: a set then has samples of as many groups as it comes upon, and no other set has any.

    Args:
        samples: the pool.
        taken: ids in the forget sets of the study.
        data: digest of the corpus.
        unit: what is drawn.
        size: samples of a forget set; whole groups are not cut.
        draws: how many.
        seed: of the study's ``tuning``.

    Raises:
        FairforgetError: the pool has too few free groups; the message has the numbers, and the mend.
    """
    groups = {sample.id: sample.group if sample.group is not None else sample.id for sample in samples}
    touched = {groups[name] for name in taken if name in groups}
    units: dict[str, list[str]] = {}
    for name, group in groups.items():
        units.setdefault(group if unit == "group" else name, []).append(name)
    # One order of the whole pool, so that a set changes as little as it has to when more of the pool is taken.
    order = [list(units)[i] for i in stream("tuning", data, size, seed).permutation(len(units))]
    free = [units[name] for name in order if groups[units[name][0]] not in touched]
    found: list[list[str]] = []
    for _ in range(draws):
        chosen = _fill(free, size)
        theirs = {groups[name] for name in chosen}
        free = [one for one in free if groups[one[0]] not in theirs]
        found.append(chosen)
    if missing := sum(_missing(chosen, list(units.values()), size) for chosen in found):
        raise FairforgetError(_refusal(missing, unit, size, found, touched, groups))
    digests = {sample.id: sample.digest() for sample in samples}
    return tuple(_draw(chosen, digests, i, unit, size) for i, chosen in enumerate(found))


def check_room(plan: Plan, samples: Sequence[Sample]) -> None:
    """Find out before anything is trained whether a pool could hold the forget sets of tuning, whatever a study draws.

    It says no only where `tuning_draws` is certain to.

    Raises:
        FairforgetError: the pool has too few samples, or no group for each set and one for the study.
    """
    if plan.study.tuning is None or not plan.searches():
        return
    draws, size = plan.study.tuning.draws, plan.study.forget_size
    sizes = Counter(sample.group if sample.group is not None else sample.id for sample in samples)
    units = list(sizes.values()) if unit_of(plan.study.unit, samples) == "group" else [1]
    least = max(min(units), math.floor(size - median(units)) + 1)
    if draws * least >= len(samples) or draws >= len(sizes):
        msg = (
            f"{_wanted(draws, size)} beside those of the study, and the pool has {len(samples)} samples in "
            f"{len(sizes)} groups. Lower forget_size or tuning.draws, or give the task a larger pool"
        )
        raise FairforgetError(msg)


def groups_of(samples: Sequence[Sample], draws: Iterable[Draw]) -> frozenset[str]:
    """Return the ids of all samples of the groups that the draws have a sample of."""
    names = {name for draw in draws for name in draw.forget}
    groups = {sample.group for sample in samples if sample.id in names and sample.group is not None}
    return frozenset(sample.id for sample in samples if sample.id in names or sample.group in groups)


def _fill(free: Sequence[list[str]], size: int) -> list[str]:
    chosen: list[str] = []
    for one in free:
        if len(chosen) + len(one) <= size:
            chosen += one
    return chosen


def _missing(chosen: Collection[str], units: Sequence[Sequence[str]], size: int) -> int:
    """Return how many more units of the usual size a set has room for."""
    whole = int((size - len(chosen)) // median(map(len, units)))
    return whole if chosen else max(1, whole)


def _refusal(
    missing: int, unit: Unit, size: int, found: Sequence[Collection[str]], touched: Collection[str], groups: Groups
) -> str:
    pool = len(set(groups.values()))
    grouped = unit == "group" or pool < len(groups)
    noun = "groups" if grouped else "samples"
    whole, left, lacking = f"{pool} {noun}", "", f"at least {missing} {noun} are missing"
    if unit == "sample" and grouped:
        free = sum(group not in touched for group in groups.values())
        whole, left = f"{len(groups)} samples in {pool} groups", f", with {free} samples"
        short = next(i for i, chosen in enumerate(found) if len(chosen) < size)
        lacking = f"set {short + 1} finds {len(found[short])} samples of groups that no other set has"
    have = f"the pool has {whole}"
    mend = "Lower forget_size or tuning.draws, or give the task a larger pool"
    if touched:
        have = f"the draws of the study leave {pool - len(touched)} of the pool's {pool} {noun}{left}"
        mend = (
            "Write tuning.reserve: true to set them apart before the study draws; or lower draws, forget_size or "
            "tuning.draws, or give the task a larger pool"
        )
    return f"{_wanted(len(found), size)}, and {have}; {lacking}. {mend}"


def _wanted(draws: int, size: int) -> str:
    sets = "a forget set" if draws == 1 else f"{draws} forget sets"
    return f"tuning: {sets} of {size} samples, in groups of their own, are wanted"


def _draw(chosen: Sequence[str], digests: dict[str, str], index: int, unit: Unit, size: int) -> Draw:
    sampler = {"name": "fairforget/tuning", "dist_version": version(), "options": {}}
    mine = set(chosen)
    forget = tuple(name for name in digests if name in mine)
    return Draw(sampler, STRATUM, index, unit, size, forget, forget_digest({name: digests[name] for name in forget}))
