"""From a pool with scores to frozen draws.

A draw depends on the data of the task, the sampler with its options, the stratum and its index, and on nothing else:
not on the methods and seeds of the study, not on how many draws it asks for or in which order. Where draws are to share
no sample it depends on those of lower index too, which depend on nothing else. The strata of a sampler that pairs them
share the random numbers of an index, so that its draws can be matched sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from fairforget.api import Corpus, Pool, Sample, Sampler
from fairforget.api.sample import digest_of
from fairforget.errors import FairforgetError
from fairforget.study.cell import canonical_json
from fairforget.study.places import shortened

if TYPE_CHECKING:
    import numpy as np

    from fairforget.study.options import Built

Unit = Literal["group", "sample"]


@dataclass(frozen=True, slots=True)
class DrawSpec:
    """Which draw is wanted."""

    sampler: Mapping[str, Any]
    """The built sampler as JSON."""
    stratum: str
    index: int
    unit: Unit
    size: int
    """Samples wanted; a draw of whole groups may have fewer."""
    paired: bool = False
    """Whether the draws of this index share one stream over the strata."""

    def generator(self, data: str) -> np.random.Generator:
        """Return the stream of random numbers that belongs to this draw, from the pool of the corpus `data`.

        The version of the sampler's distribution is left out, so that a release changes no draw.
        """
        import numpy as np

        sampler = {"name": self.sampler["name"], "options": self.sampler["options"]}
        text = canonical_json(["draw", data, sampler, None if self.paired else self.stratum, self.index])
        entropy = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        return np.random.default_rng(np.random.SeedSequence(entropy))


@dataclass(frozen=True, slots=True)
class Draw:
    """One forget set, the same one for every method."""

    sampler: Mapping[str, Any]
    stratum: str
    index: int
    unit: Unit
    size: int
    """Samples wanted."""
    forget: tuple[str, ...]
    """Ids, in the order of the pool."""
    digest: str
    """SHA-256 over the ids and the content of the samples, whatever their order."""

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a cell."""
        return {
            "sampler": dict(self.sampler),
            "stratum": self.stratum,
            "index": self.index,
            "unit": self.unit,
            "size": self.size,
            "forget": list(self.forget),
            "digest": self.digest,
        }


def unit_of(wanted: Unit | None, samples: Sequence[Sample]) -> Unit:
    """Return what is drawn from a pool: groups where it has them, unless the study says otherwise.

    Raises:
        FairforgetError: groups are wanted, and the task has none.
    """
    grouped = any(sample.group is not None for sample in samples)
    if wanted == "group" and not grouped:
        msg = "unit: group, but the samples of this task have no groups; remove the key or write unit: sample"
        raise FairforgetError(msg)
    return wanted or ("group" if grouped else "sample")


def check_pool(samples: Sequence[Sample], unit: Unit, size: int, apart: int = 1) -> None:
    """Find out before anything is trained whether `apart` forget sets of `size` can be drawn that share no sample.

    It says no only where drawing them is certain to.

    Raises:
        FairforgetError: the pool is smaller than that, or a group is larger, which could then never be drawn.
    """
    if size > len(samples):
        msg = f"forget_size: {size} samples are wanted, and the pool has {len(samples)}; lower forget_size"
        raise FairforgetError(msg)
    if unit == "sample":
        _check_apart([1] * len(samples), size, apart)
        return
    sizes: dict[str, int] = {}
    for sample in samples:
        name = sample.group if sample.group is not None else sample.id
        sizes[name] = sizes.get(name, 0) + 1
    large = [name for name in sizes if sizes[name] > size]
    if large:
        largest = max(large, key=lambda name: sizes[name])
        msg = (
            f"forget_size: {len(large)} of {len(sizes)} groups are larger than {size} samples and could never be drawn "
            f"(the largest, {largest!r}, has {sizes[largest]}); raise forget_size to {sizes[largest]} or more, or "
            "write unit: sample"
        )
        raise FairforgetError(msg)
    _check_apart(list(sizes.values()), size, apart)


def _check_apart(sizes: Collection[int], size: int, apart: int) -> None:
    # A draw is full, or lacks less than the largest unit.
    least = size - size % max(sizes) if len(set(sizes)) == 1 else size - max(sizes) + 1
    if (apart - 1) * least + size > sum(sizes):
        msg = (
            f"disjoint: {apart} forget sets of {size} samples are wanted that share none, and the pool has "
            f"{sum(sizes)} samples; lower draws or forget_size, give the task a larger pool, or write disjoint: false"
        )
        raise FairforgetError(msg)


def draw_sets(
    sampler: Built, pool: Pool, *, data: str, size: int, draws: int, disjoint: bool = False
) -> tuple[Draw, ...]:
    """Draw every forget set of one sampler: for each of its strata the indices 0 … draws − 1.

    Args:
        sampler: the sampler, built.
        pool: what may be forgotten, with the scores the sampler needs.
        data: digest of the corpus.
        size: samples of a draw.
        draws: draws a stratum.
        disjoint: whether the draws of a stratum are to share no sample.

    Raises:
        FairforgetError: the sampler refuses, or returns something that is no forget set; names plugin and stratum.
    """
    unit: Unit = "group" if pool.whole_groups else "sample"
    check_pool(pool.samples, unit, size)
    plugin = sampler.plugin
    if not isinstance(plugin, Sampler):
        raise TypeError(sampler.entry.target)
    described = sampler.to_json()
    digests = {sample.id: sample.digest() for sample in pool.samples}
    title = f"sampler {sampler.entry.canonical}"
    found: list[Draw] = []
    for stratum in plugin.strata:
        free = pool
        for index in range(draws):
            spec = DrawSpec(described, stratum, index, unit, size, plugin.paired_strata)
            found.append(_draw(plugin, free, spec, data, digests, title))
            if disjoint:
                free = replace(free, taken=free.taken | set(found[-1].forget))
    return tuple(found)


def forget_digest(digests: Mapping[str, str]) -> str:
    """Return the digest of a forget set from the digests of its samples, by id."""
    return digest_of(sorted(digests.items()))


def parted(corpus: Corpus, forget: Collection[str], unknown: Collection[str] = ()) -> tuple[list[Sample], list[Sample]]:
    """Return the samples to forget and those that a method may keep by: the retain set, and the rest of the pool.

    Args:
        corpus: of the task.
        forget: ids of a draw.
        unknown: ids of samples that no method keeps by.

    Raises:
        FairforgetError: an id is not in the pool.
    """
    chosen = set(forget)
    gone = [s for s in corpus.pool if s.id in chosen]
    if missing := chosen - {s.id for s in gone}:
        msg = f"the draw names samples that the pool does not have: {', '.join(sorted(missing)[:5])}"
        raise FairforgetError(msg)
    kept = [*corpus.retain, *(s for s in corpus.pool if s.id not in chosen)]
    return gone, [s for s in kept if s.id not in unknown]


def _draw(plugin: Sampler, pool: Pool, spec: DrawSpec, data: str, digests: Mapping[str, str], title: str) -> Draw:
    where = f"{title}, stratum {spec.stratum!r}, draw {spec.index}"
    try:
        found = plugin.draw(pool, spec.stratum, spec.size, spec.generator(data))
    except FairforgetError as error:
        msg = f"{where}: {error}"
        raise FairforgetError(msg) from error
    except Exception as error:
        msg = f"{where}: the plugin failed: {type(error).__name__}: {error}"
        raise FairforgetError(msg) from error
    fault = fault_in(found, pool, spec.size)
    if fault is not None:
        msg = f"{where}: the plugin returned {fault}"
        raise FairforgetError(msg)
    chosen = set(found)
    forget = tuple(sample.id for sample in pool.samples if sample.id in chosen)
    digest = forget_digest({name: digests[name] for name in forget})
    return Draw(spec.sampler, spec.stratum, spec.index, spec.unit, spec.size, forget, digest)


def fault_in(found: object, pool: Pool, size: int) -> str | None:
    """Return what keeps something that a sampler returned from being a forget set; None where nothing does.

    Args:
        found: what it returned.
        pool: what it drew from.
        size: samples wanted.
    """
    if isinstance(found, str | bytes) or not isinstance(found, Sequence):
        return f"{type(found).__name__} and no list of sample ids"
    if not all(isinstance(name, str) for name in found):
        return "ids that are no texts"
    chosen = set(found)
    if not chosen:
        return "no sample; the stratum is empty"
    if strange := chosen - {sample.id for sample in pool.samples}:
        return f"ids that are not in the pool: {shortened(', '.join(sorted(map(repr, strange))), 200)}"
    if again := chosen & pool.taken:
        return f"{len(again)} samples that an earlier draw of the stratum has, where the study says disjoint: true"
    if len(chosen) < len(found):
        return f"{len(found) - len(chosen)} of its ids more than once"
    if len(found) > size:
        return f"{len(found)} samples where at most {size} were asked for"
    for unit in pool.units():
        names = {pool.samples[i].id for i in unit}
        if names & chosen and not names <= chosen:
            group = pool.samples[unit[0]].group
            return f"{len(names & chosen)} of the {len(names)} samples of group {group!r}; groups are drawn whole"
    return None
