"""What is asked of the items of a metric, and of what they are made from."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from fairforget.testing.checks.measuring import measured, oracle, sets, subject, usual
from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined

_DECIMALS: Final = 4
"""The most that a rounded number has; with more, nobody loses anything."""
_COARSE: Final = 3
"""Fewer different items than these are hits and misses, or grades."""
_FINE: Final = 40


def leaves_answers_alone(examined: Examined) -> None:
    """What the model said is bit by bit what it was: metrics share these arrays."""
    import numpy as np

    usual(examined)
    under = subject(examined, sets(examined))
    before = [values.copy() for values in under.logprobs()]
    measured(examined, under)
    for sample, one, other in zip(under.samples, before, under.logprobs(), strict=True):
        if not np.array_equal(one, other):
            raise CheckFailed(f"the log-probabilities of {sample.id} are others afterwards; copy what you change")


def permutation_equivariant(examined: Examined) -> None:
    """A sample's item goes with the sample, wherever it stands in the set, and the value is the same."""
    first, known = usual(examined), sets(examined)
    order = [*known["forget"][1::2], *reversed(known["forget"][::2])]
    second = measured(examined, subject(examined, {**known, "forget": tuple(order)}))
    for name, one in first.items.items():
        other = second.items.get(name)
        if other is None or not close(one, other):
            raise CheckFailed(f"the item of {name} is {one!r}, and {other!r} with the samples in another order")
    if not close(first.value, second.value):
        raise CheckFailed(f"the value is {first.value!r}, and {second.value!r} with the samples in another order")


def items_unrounded(examined: Examined) -> None:
    """Items are what was measured, not rounded to a few decimals: methods are compared item by item."""
    found = [*usual(examined).items.values()]
    found += measured(examined, subject(examined, sets(examined), on=oracle(examined))).items.values()
    parts = [Fraction(item).limit_denominator(10**_DECIMALS) for item in found if math.isfinite(item)]
    near = all(
        math.isclose(float(p), item, rel_tol=1e-12, abs_tol=1e-15) for p, item in zip(parts, found, strict=False)
    )
    if not near or len(set(parts)) < _COARSE:
        return
    decimals = next((d for d in range(2, _DECIMALS + 1) if all(10**d % p.denominator == 0 for p in parts)), None)
    # A share of so many tokens or letters is a fraction too, but seldom one in fortieths or finer every time.
    if decimals is not None and max(p.denominator for p in parts) >= _FINE:
        raise CheckFailed(
            f"all {len(parts)} items have {decimals} decimals, such as {found[0]!r}; return them unrounded"
        )


def close(one: float, other: float) -> bool:
    """Return whether two values are the same but for rounding, or both are NaN."""
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6) or same(one, other)


def same(one: float, other: float | None) -> bool:
    """Return whether two values are equal, or both are NaN."""
    return one == other or (other is not None and math.isnan(one) and math.isnan(other))


_KIND: Final = ("metric",)

ITEMS: Final = (
    Check("permutation-equivariant", _KIND, permutation_equivariant),
    Check("items-unrounded", _KIND, items_unrounded),
    Check("leaves-answers-alone", _KIND, leaves_answers_alone),
)
