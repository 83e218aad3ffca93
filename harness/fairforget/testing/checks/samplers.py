"""What is asked of a sampler."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final

from fairforget.api import Corpus, Pool, Sampler
from fairforget.errors import FairforgetError
from fairforget.study.draws import fault_in, parted
from fairforget.testing.checks.drawing import SEEDS, cases, directions, draw, draws, large, where
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined
from fairforget.testing.pools import PoolCase, make_pool


def states_strata(examined: Examined) -> None:
    """It names its strata: texts, at least one, none twice, the same at every call."""
    sampler: Sampler = examined.make()
    strata: Any = sampler.strata
    if isinstance(strata, str) or not strata or not all(isinstance(name, str) and name for name in strata):
        raise CheckFailed(f"strata is {strata!r}; it is a list of names")
    if twice := [name for name, count in Counter(strata).items() if count > 1]:
        raise CheckFailed(f"the stratum {twice[0]!r} stands in strata twice")
    if list(examined.make().strata) != list(strata):
        raise CheckFailed(f"strata is {list(strata)} once and {list(examined.make().strata)} the next time")


def draws_what_it_says(examined: Examined) -> None:
    """A draw is a list of ids of the pool, none twice, not too many, of whole groups."""
    for case, stratum, seed, found in draws(examined, cases(examined)):
        if fault := fault_in(found, case.pool, case.size):
            raise CheckFailed(f"it returns {fault} ({where(case, stratum, seed)})")


def leaves_taken_alone(examined: Examined) -> None:
    """Samples that earlier draws have (pool.taken) are not drawn again; where too few are left it refuses."""
    for case, stratum, seed, first in draws(examined, [large(examined)]):
        rest = case.apart_from(first)
        again = draw(examined.make(), rest, stratum, seed)
        if again is not None and (twice := sorted(set(again) & set(first))):
            raise CheckFailed(f"it draws {_ids(twice)} again, which are in pool.taken ({where(case, stratum, seed)})")


def reproducible(examined: Examined) -> None:
    """The same generator gives the same draw, in a new instance too and whatever the global generators are."""
    import numpy as np

    for case, stratum, seed, first in draws(examined, [*cases(examined), large(examined)]):
        state, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - what it must not draw from
        try:
            random.seed(seed + 1)
            np.random.seed(seed + 1)  # noqa: NPY002
            second = draw(examined.make(), case, stratum, seed)
        finally:
            random.setstate(state)
            np.random.set_state(numpys)  # noqa: NPY002
        if second is None or sorted(second) != sorted(first):
            raise CheckFailed(f"it draws {_ids(first)} once and {_ids(second)} again ({where(case, stratum, seed)})")


def uses_its_generator(examined: Examined) -> None:
    """Another generator gives another draw, where the stratum has other samples."""
    case, sampler = large(examined), examined.make()
    seen: dict[str, set[tuple[str, ...]]] = {}
    for _, stratum, _, found in draws(examined, [case]):
        seen.setdefault(stratum, set()).add(tuple(sorted(found)))
    for stratum, sets in seen.items():
        for seed in range(len(SEEDS), 12):
            if len(sets) > 1:
                break
            sets.add(tuple(sorted(draw(sampler, case, stratum, seed) or ())))
        if len(sets) > 1:
            continue
        (only,) = sets
        if draw(sampler, case.apart_from(only), stratum, 0):
            raise CheckFailed(
                f"twelve generators give one draw, {_ids(only)}, in {case}, stratum {stratum!r}, and with these "
                "samples taken it draws others; a study's draws would all be the same forget set"
            )


def draws_in_any_order(examined: Examined) -> None:
    """What a draw is does not depend on the draws before it, of this stratum or another."""
    case = large(examined)
    asked = [(stratum, seed) for _, stratum, seed, _ in draws(examined, [case])]
    forwards, backwards = examined.make(), examined.make()
    first = {one: draw(forwards, case, *one) for one in asked}
    second = {one: draw(backwards, case, *one) for one in reversed(asked)}
    for stratum, seed in asked:
        one, other = first[stratum, seed], second[stratum, seed]
        if sorted(one or ()) != sorted(other or ()):
            raise CheckFailed(
                f"it draws {_ids(one)} or {_ids(other)}, depending on what was drawn before "
                f"({where(case, stratum, seed)})"
            )


def no_leak_into_retain(examined: Examined) -> None:
    """What the harness keeps beside a draw shares no sample and no group with what is forgotten."""
    for case, stratum, seed, found in draws(examined, [*cases(examined), large(examined)]):
        corpus = Corpus(case.pool.samples, ())
        try:
            gone, kept = parted(corpus, found)
        except FairforgetError as error:
            raise CheckFailed(f"{error} ({where(case, stratum, seed)})") from error
        groups = {sample.group for sample in gone if sample.group is not None} if case.pool.whole_groups else set()
        siblings = [sample.id for sample in kept if sample.group in groups]
        if siblings:
            raise CheckFailed(
                f"{_ids(siblings)} stay in the retain set while others of their groups are forgotten "
                f"({where(case, stratum, seed)}); draw from pool.units()"
            )


def does_not_touch_pool(examined: Examined) -> None:
    """Pool, lengths, scores and attributes are after a draw what they were before."""
    for case in (*cases(examined), large(examined)):
        before = _content(case.pool)
        sampler: Sampler = examined.make()
        sampler.advise(case.pool) if _advises(sampler, case) else ()
        for stratum, seed in product(sampler.strata, SEEDS):
            draw(sampler, case, stratum, seed)
            after = _content(case.pool)
            if changed := [name for name in before if after[name] != before[name]]:
                raise CheckFailed(f"it changes the pool's {', '.join(changed)} ({where(case, stratum, seed)})")


def copes_with_unscored(examined: Examined) -> None:
    """Samples without a score (NaN) are no reason to fail: it draws, or refuses with a FairforgetError."""
    known = directions(examined)
    if not known:
        raise NotApplicable("it needs no scores")
    for unscored in ([0], range(0, 24, 3), range(24)):
        case = PoolCase(
            f"{len(unscored)} samples without a score", make_pool([2] * 12, known, whole=True, unscored=unscored), 4
        )
        for stratum in examined.make().strata:
            found = draw(examined.make(), case, stratum, 0)
            if found is not None and (fault := fault_in(found, case.pool, case.size)):
                raise CheckFailed(f"it returns {fault} ({where(case, stratum, 0)})")


def follows_direction(examined: Examined) -> None:
    """Where it has the strata easy and hard, easy ones are those that the score calls easy, whichever way it points."""
    import numpy as np

    sampler: Sampler = examined.make()
    known = directions(examined)
    if not known or not {"easy", "hard"} <= set(sampler.strata):
        raise NotApplicable("it has no strata 'easy' and 'hard' by a score")
    for way in ("easier", "harder"):
        pool = large(examined).pool
        flipped = {name: replace(score, higher_is=way) for name, score in pool.scores.items()}
        case = PoolCase(f"higher is {way}", replace(pool, scores=flipped), 16)
        (values,) = [score.values for score in list(flipped.values())[:1]]
        by_id = dict(zip((sample.id for sample in pool.samples), values, strict=True))
        means = {}
        for stratum in ("easy", "hard"):
            found = draw(sampler, case, stratum, 0)
            if found is None:
                raise NotApplicable(f"it refuses to draw {stratum!r} from {case}")
            means[stratum] = float(np.mean([by_id[name] for name in found]))
        if (means["easy"] > means["hard"]) != (way == "easier"):
            raise CheckFailed(
                f"where a higher score is {way}, its easy samples have a mean score of {means['easy']:.3g} and its "
                f"hard ones of {means['hard']:.3g}; turn one of them round by PoolScore.higher_is"
            )


def advises_in_lines(examined: Examined) -> None:
    """What it advises is a list of texts."""
    sampler: Sampler = examined.make()
    for case in cases(examined):
        try:
            found = sampler.advise(case.pool)
        except Exception as error:
            msg = f"advise raises {type(error).__name__}: {error} (in {case})"
            raise CheckFailed(msg) from error
        if isinstance(found, str) or not all(isinstance(line, str) for line in found):
            raise CheckFailed(f"advise returns {found!r} (in {case}); it returns a list of lines")


def _advises(sampler: Sampler, case: PoolCase) -> bool:
    try:
        sampler.advise(case.pool)
    except Exception:  # noqa: BLE001 - another check is about that
        return False
    return True


def _content(pool: Pool) -> dict[str, object]:
    return {
        "samples": [sample.digest() for sample in pool.samples],
        "lengths": (pool.lengths.tobytes(), pool.lengths.shape),
        "scores": {name: (s.values.tobytes(), s.higher_is, s.reliability) for name, s in pool.scores.items()},
        "taken": sorted(pool.taken),
    }


def _ids(names: Sequence[str] | None) -> str:
    if names is None:
        return "nothing"
    listed = sorted(names)
    return ", ".join(listed[:4]) + (f", … ({len(listed)} in all)" if len(listed) > 4 else "")


_KIND: Final = ("sampler",)

SAMPLERS: Final = (
    Check("states-strata", _KIND, states_strata),
    Check("draws-what-it-says", _KIND, draws_what_it_says),
    Check("leaves-taken-alone", _KIND, leaves_taken_alone),
    Check("reproducible", _KIND, reproducible),
    Check("uses-its-generator", _KIND, uses_its_generator),
    Check("draws-in-any-order-of-calls", _KIND, draws_in_any_order),
    Check("no-leak-into-retain", _KIND, no_leak_into_retain),
    Check("does-not-touch-pool", _KIND, does_not_touch_pool),
    Check("copes-with-unscored", _KIND, copes_with_unscored),
    Check("follows-direction", _KIND, follows_direction),
    Check("advises-in-lines", _KIND, advises_in_lines),
)
"""What is asked of samplers, beside what is asked of every plugin."""
