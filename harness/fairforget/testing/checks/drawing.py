"""Asking a sampler for draws, and what it says when it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fairforget.api import Difficulty, HigherIs, Sampler
from fairforget.errors import FairforgetError
from fairforget.names import UnknownName
from fairforget.testing.definition import CheckFailed, NotApplicable, Skipped
from fairforget.testing.examined import Examined
from fairforget.testing.pools import PoolCase, ample, pool_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = range(3)


def directions(examined: Examined) -> Mapping[str, HigherIs]:
    """Return the scores a sampler needs, by name, with the direction that their difficulty states.

    Raises:
        Skipped: such a difficulty is not installed.
    """
    found: dict[str, HigherIs] = {}
    for spec in examined.make().needs():
        try:
            entry = examined.registry.find("difficulty", spec.name)
        except UnknownName as error:
            msg = f"it needs scores by {spec.name!r}, and no difficulty of that name is installed"
            raise Skipped(msg) from error
        cls = examined.registry.load(entry)
        found[spec.name] = cls.higher_is if issubclass(cls, Difficulty) else "harder"
    return found


def cases(examined: Examined) -> tuple[PoolCase, ...]:
    """Return the pools a sampler is tried on, smallest first, with the scores it needs."""
    return pool_cases(directions(examined))


def large(examined: Examined) -> PoolCase:
    """Return a pool in which every stratum should have plenty."""
    return ample(directions(examined))


def where(case: PoolCase, stratum: str, seed: int) -> str:
    """Return what makes a draw again."""
    return f"in {case}, stratum {stratum!r}, numpy.random.default_rng({seed})"


def draw(sampler: Sampler, case: PoolCase, stratum: str, seed: int) -> Sequence[str] | None:
    """Return what a sampler returns; None where it refuses, as it may where a stratum cannot fill a draw.

    Raises:
        CheckFailed: it raises something else than a `FairforgetError`.
    """
    import numpy as np

    from fairforget.testing.watch.audit import hearing

    try:
        with hearing():  # nobody reaches the network meanwhile
            return sampler.draw(case.pool, stratum, case.size, np.random.default_rng(seed))
    except FairforgetError:
        return None
    except Exception as error:
        msg = (
            f"it raises {type(error).__name__}: {error} ({where(case, stratum, seed)}); what a sampler cannot draw it "
            "refuses with a FairforgetError that names the stratum"
        )
        raise CheckFailed(msg) from error


def draws(examined: Examined, wanted: Sequence[PoolCase]) -> Iterator[tuple[PoolCase, str, int, Sequence[str]]]:
    """Yield every draw that the sampler makes of some pools: case, stratum, seed, ids.

    Raises:
        CheckFailed: it raises something else than a `FairforgetError`.
        NotApplicable: it refuses them all.
    """
    sampler: Sampler = examined.make()
    made = False
    for case in wanted:
        for stratum in sampler.strata:
            for seed in SEEDS:
                found = draw(sampler, case, stratum, seed)
                if found is not None:
                    made = True
                    yield case, stratum, seed, found
    if not made:
        msg = f"it refuses to draw from the kit's pools (the largest: {wanted[-1]}), which may lack what it draws by"
        raise NotApplicable(msg)
