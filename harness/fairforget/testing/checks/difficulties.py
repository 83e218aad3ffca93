"""What is asked of a difficulty."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any, Final

from fairforget.api import Difficulty
from fairforget.store.jsonable import jsonable
from fairforget.testing.checks.company import COMPANY
from fairforget.testing.checks.model_state import (
    changed,
    interrupted_at,
    modes_of,
    passes_through,
    weights_of,
)
from fairforget.testing.checks.scoring import (
    differ,
    model,
    other_global_state,
    samples,
    score,
    smallest_subset,
    tolerance,
    usual,
)
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

DIRECTIONS: Final = ("easier", "harder")


def states_direction(examined: Examined) -> None:
    """It says whether a higher score means easier or harder to unlearn, and in which unit the score is."""
    difficulty: Difficulty = examined.make()
    way = getattr(difficulty, "higher_is", None)
    if way not in DIRECTIONS:
        raise CheckFailed(f"higher_is is {way!r}; it is 'easier' or 'harder': what a higher score says of unlearning")
    unit: Any = difficulty.unit
    if not isinstance(unit, str):
        raise CheckFailed(f"unit is {unit!r}; it is a text, empty for a pure number")


def says_what_it_depends_on(examined: Examined) -> None:
    """depends_on returns plain data, the same at every call, without a model."""
    first, second = examined.make().depends_on(), examined.make().depends_on()
    plain, lost = jsonable(first)
    if lost or not isinstance(plain, dict):
        raise CheckFailed(f"depends_on returns {first!r}, which cannot be written as JSON")
    if plain != jsonable(second)[0]:
        raise CheckFailed(f"depends_on says {first!r} once and {second!r} the next time; kept scores are found by it")


def shape(examined: Examined) -> None:
    """It returns one number a sample, (n,), and error bars of the same shape where it has any."""
    found, count = usual(examined), len(samples(examined))
    if found.stderr is not None and found.stderr.shape != (count,):
        raise CheckFailed(f"stderr has shape {found.stderr.shape} for {count} samples")
    if found.values.dtype.kind != "f":
        raise CheckFailed(f"the scores are of type {found.values.dtype}; they are floats, NaN where there is none")
    if found.reliability is not None and not -1 <= found.reliability <= 1:
        raise CheckFailed(f"reliability is {found.reliability}; it is a correlation")


def finite_or_explained(examined: Examined) -> None:
    """A score is finite, or NaN and the reason stands in details['excluded'] under the id of the sample."""
    import numpy as np

    encoded = samples(examined)
    found = usual(examined)
    explained = found.details.get("excluded", {})
    for one, value in zip(encoded, found.values, strict=True):
        if np.isinf(value):
            raise CheckFailed(f"the score of {one.sample.id} is {value}; where there is no score it is NaN")
        if np.isnan(value) and one.sample.id not in explained:
            raise CheckFailed(
                f"the score of {one.sample.id} is NaN and details['excluded'] does not say why; the sample has "
                f"{one.length} scored tokens"
            )


def deterministic(examined: Examined) -> None:
    """The same generator gives the same bits, in a new instance too and whatever the global generators are."""
    encoded = samples(examined)

    def wrong(rows: Sequence[int]) -> str | None:
        chosen = encoded.take(rows)
        first = usual(examined) if len(rows) == len(encoded) else score(examined, chosen)
        with other_global_state():
            second = score(examined, chosen)
        if not (bad := differ(first.values, second.values, 0.0)):
            return None
        one, other = first.values[bad[0]], second.values[bad[0]]
        return f"{chosen[bad[0]].sample.id} scores {one!r} once and {other!r} again with numpy.random.default_rng(0)"

    if message := smallest_subset(len(encoded), wrong):
        raise CheckFailed(message)


def permutation_equivariant(examined: Examined) -> None:
    """Samples in another order have the same scores."""
    encoded = samples(examined)

    def wrong(rows: Sequence[int]) -> str | None:
        order = [*rows[1::2], *reversed(rows[::2])]
        known = usual(examined) if len(rows) == len(encoded) else score(examined, encoded.take(rows))
        moved = score(examined, encoded.take(order))
        expected = known.values[order]
        if not (bad := differ(expected, moved.values, tolerance(known.values))):
            return None
        one = encoded[order[bad[0]]].sample.id
        return f"{one} scores {expected[bad[0]]:.6g}, and {moved.values[bad[0]]:.6g} where the order is {order}"

    if message := smallest_subset(len(encoded), wrong):
        raise CheckFailed(message)


def one_sample(examined: Examined) -> None:
    """It scores one sample alone, the shortest and the longest."""
    encoded, known = samples(examined), usual(examined).values
    by_length = sorted(range(len(encoded)), key=lambda i: len(encoded[i].input_ids))
    for i in (by_length[0], by_length[-1]):
        (alone,) = score(examined, encoded.take([i])).values
        if not math.isfinite(alone) and math.isfinite(known[i]):
            name = encoded[i].sample.id
            raise CheckFailed(f"{name} scores {alone} alone, and {known[i]:.6g} among others")


def second_architecture(examined: Examined) -> None:
    """It works on a GPT-2 as on a Llama."""
    if not examined.make().needs_model:
        raise NotApplicable("it looks at no model")
    usual(examined)
    found = score(examined, samples(examined, "gpt2"), architecture="gpt2")
    explained = found.details.get("excluded", {})
    for one, value in zip(samples(examined, "gpt2"), found.values, strict=True):
        if value != value and one.sample.id not in explained:  # noqa: PLR0124 - NaN
            raise CheckFailed(f"on a GPT-2 the score of {one.sample.id} is NaN")


def leaves_weights_alone(examined: Examined) -> None:
    """The model has the same weights afterwards, bit by bit."""
    lent = _lent(examined)
    before = weights_of(lent)
    score(examined, samples(examined), on=lent)
    if names := changed(before, weights_of(lent)):
        raise CheckFailed(f"it changes {len(names)} weights of the model, {names[0]} among them")


def restores_weights_after_an_error(examined: Examined) -> None:
    """The model has the same weights also where an exception passes in the middle of a score."""
    lent, encoded = _lent(examined), samples(examined).take([0, 1])
    before = weights_of(lent)
    count = passes_through(lent, lambda: score(examined, encoded, on=lent))
    if not count:
        raise NotApplicable("it makes no forward pass")
    for number in sorted({1, 2, (count + 1) // 2, count}):
        if number > count:
            continue
        lent = _lent(examined)
        with interrupted_at(lent, number), contextlib.suppress(Exception):
            score(examined, encoded, on=lent)
        if names := changed(before, weights_of(lent)):
            which = f"{len(names)} weights, {names[0]} among them"
            raise CheckFailed(f"where forward pass {number} of {count} fails, it leaves {which}, changed")


def restores_modes(examined: Examined) -> None:
    """The model is in eval mode, without gradients and hooks, as it was."""
    lent = _lent(examined)
    before = modes_of(lent)
    score(examined, samples(examined), on=lent)
    if names := changed(before, modes_of(lent)):
        raise CheckFailed(f"it changes the model's {', '.join(names)}")


def _lent(examined: Examined) -> Any:
    if not examined.make().needs_model:
        raise NotApplicable("it looks at no model")
    usual(examined)
    return model(examined)


_KIND: Final = ("difficulty",)

DIFFICULTIES: Final = (
    Check("states-direction", _KIND, states_direction),
    Check("says-what-it-depends-on", _KIND, says_what_it_depends_on),
    Check("shape", _KIND, shape),
    Check("finite-or-explained", _KIND, finite_or_explained),
    Check("deterministic-for-rng", _KIND, deterministic),
    Check("permutation-equivariant", _KIND, permutation_equivariant),
    *COMPANY,
    Check("one-sample", _KIND, one_sample),
    Check("second-architecture", _KIND, second_architecture),
    Check("leaves-weights-alone", _KIND, leaves_weights_alone),
    Check("restores-weights-after-an-error", _KIND, restores_weights_after_an_error),
    Check("restores-modes", _KIND, restores_modes),
)
"""What is asked of difficulties, beside what is asked of every plugin."""
