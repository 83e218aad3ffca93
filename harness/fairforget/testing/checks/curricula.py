"""What is asked of curricula: weights, orders, and what they do with scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np

from fairforget.api import Curriculum, Difficulty, HigherIs, PluginSpec, Sample
from fairforget.errors import FairforgetError
from fairforget.study.options import build
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

KIND: Final = ("curriculum",)
_ON_THE_WAY: Final = (0.0, 0.25, 0.5, 0.999)
_PROGRESS: Final = (*_ON_THE_WAY, 1.0)
_SIZES: Final = (7, 3, 1)
"""Numbers of samples; a failure is looked for from the last."""
_ROUNDING: Final = 1e-9
"""Relative: sums over samples in another order."""

Scores = np.ndarray | None


def weights_shape(examined: Examined) -> None:
    """Weights are one number a sample, (n,), or None for an order, and the same of the two at every progress."""
    for n, scores, progress in _cells(examined):
        found = _weights(examined, n, scores, progress)
        if (found is None) != (_weights(examined, n, scores, 0.0) is None):
            raise CheckFailed(f"{_where(n, scores, progress)}: weights at one progress, and None at another")
        if found is not None and np.shape(found) != (n,):
            raise CheckFailed(f"{_where(n, scores, progress)}: weights of shape {np.shape(found)}, not ({n},)")


def weights_finite_non_negative(examined: Examined) -> None:
    """Weights are finite, not negative, and not all zero."""
    _with_weights(examined)
    for n, scores, progress in _cells(examined):
        fault = _fault(np.asarray(_weights(examined, n, scores, progress), dtype=float))
        if fault:
            raise CheckFailed(f"{_where(n, scores, progress)}: {fault}")


def missing_scores(examined: Examined) -> None:
    """Samples that could not be scored (NaN) are met all the same: weights or order stay what they should be."""
    if _spec(examined) is None:
        raise NotApplicable("it looks at no scores")
    _sound(examined)
    for n in reversed(_SIZES):
        for scores in ([np.nan] * n, [np.nan, *np.linspace(0.5, 2.0, n - 1)], [0.0] * n):
            prepared = _prepared(examined, n, np.array(scores, dtype=float))
            found = _weights(examined, n, prepared, 0.0)
            fault = _order_fault(examined, n, prepared) if found is None else _fault(np.asarray(found, dtype=float))
            if fault:
                raise CheckFailed(f"{n} samples, scores {_short(scores)}: {fault}")


def permutation_equivariant(examined: Examined) -> None:
    """A sample's weight goes with the sample, wherever it stands in the list."""
    _with_weights(examined)
    for n in reversed(_SIZES):
        scores, samples = _given(examined, n), _samples(n)
        turned = np.roll(np.arange(n), 1)[::-1]
        plain = np.asarray(_make(examined).weights(samples, scores, 0.5), dtype=float)
        other = np.asarray(
            _make(examined).weights([samples[i] for i in turned], None if scores is None else scores[turned], 0.5),
            dtype=float,
        )
        if not np.allclose(_shares(other), _shares(plain)[turned], rtol=_ROUNDING, atol=1e-12):
            raise CheckFailed(
                f"{n} samples in the order {turned.tolist()}: weights {_short(other)}, and {_short(plain[turned])} for "
                "the same samples in their first order"
            )


def deterministic_weights(examined: Examined) -> None:
    """The same arguments give the same weights and the same order, whoever asked before."""
    for n in reversed(_SIZES):
        scores, samples = _given(examined, n), _samples(n)
        one, other = _make(examined), _make(examined)
        first = [one.weights(samples, scores, p) for p in _ON_THE_WAY]
        second = [other.weights(samples, scores, p) for p in reversed(_ON_THE_WAY)][::-1]
        if not all(_equal(a, b) for a, b in zip(first, second, strict=True)):
            raise CheckFailed(f"{n} samples: weights {_short(first[0])}, and {_short(second[0])} when asked again")
        orders = [list(c.order(samples, scores, np.random.default_rng(7))) for c in (one, other, one)]
        if not orders[0] == orders[1] == orders[2]:
            raise CheckFailed(f"{n} samples: order {orders[0]}, and {orders[1:]} from a generator in the same state")


def progress_range(examined: Examined) -> None:
    """It answers at every progress from 0 to 1, both ends included."""
    _sound(examined)
    for n in reversed(_SIZES):
        scores = _given(examined, n)
        for progress in _PROGRESS:
            try:
                found = _weights(examined, n, scores, progress)
            except Exception as error:
                msg = f"{_where(n, scores, progress)}: {type(error).__name__}: {error}"
                raise CheckFailed(msg) from error
            if found is not None and (fault := _fault(np.asarray(found, dtype=float))):
                raise CheckFailed(f"{_where(n, scores, progress)}: {fault}")


def order_is_a_permutation(examined: Examined) -> None:
    """Where there are no weights, the order of an epoch has every sample once."""
    if _weights(examined, 3, _given(examined, 3), 0.0) is not None:
        raise NotApplicable("it gives weights; the harness draws the order from them")
    for n in reversed(_SIZES):
        if fault := _order_fault(examined, n, _given(examined, n)):
            raise CheckFailed(f"{n} samples: {fault}")


def leaves_scores_alone(examined: Examined) -> None:
    """It changes neither the scores nor the list of samples that it is given."""
    for n in reversed(_SIZES):
        raw, samples = _raw(n), _samples(n)
        plugin = _make(examined)
        prepared = plugin.prepare(samples, raw, _direction(examined), np.random.default_rng(0))
        given = None if _spec(examined) is None else np.array(prepared)
        kept = None if given is None else given.copy()
        plugin.weights(samples, given, 0.5)
        plugin.order(samples, given, np.random.default_rng(0))
        faults = [] if np.array_equal(raw, _raw(n)) and samples == _samples(n) else ["prepare"]
        if given is not None and kept is not None and not np.array_equal(kept, given, equal_nan=True):
            faults.append("weights or order")
        if faults:
            raise CheckFailed(f"{n} samples: what {' and '.join(faults)} was given is changed afterwards")


def states_its_needs(examined: Examined) -> None:
    """The difficulty it asks for can be built, and refreshes and replacement are what the harness knows."""
    plugin = _make(examined)
    replaced, every, spec = plugin.replaced_after(), cast("object", plugin.refresh_every()), plugin.difficulty()
    if every is not None and (not isinstance(every, int) or every < 1):
        raise CheckFailed(f"refresh_every() is {every!r}; it is None, or a whole number of epochs, at least 1")
    if replaced not in {"sample", "batch", "epoch"}:
        raise CheckFailed(f"replaced_after() is {replaced!r}; it is 'sample', 'batch' or 'epoch'")
    if spec is not None and not isinstance(spec, PluginSpec):
        raise CheckFailed(f"difficulty() is {spec!r}; it is None, or a PluginSpec")
    if spec is not None:
        try:
            build(examined.registry, "difficulty", spec)
        except FairforgetError as error:
            raise CheckFailed(f"difficulty(): {error}") from error


def _make(examined: Examined) -> Curriculum:
    return cast("Curriculum", examined.make())


def _spec(examined: Examined) -> PluginSpec | None:
    return _make(examined).difficulty()


def _direction(examined: Examined) -> HigherIs:
    spec = _spec(examined)
    if spec is None:
        return "harder"
    try:
        return build(examined.registry, "difficulty", spec).of(Difficulty).higher_is  # type: ignore[type-abstract]
    except FairforgetError as error:
        raise NotApplicable("its difficulty cannot be had; see states-its-needs") from error


def _samples(n: int) -> list[Sample]:
    return [Sample(f"s{i}", f"What is {i}?", "It is " + "so " * (1 + i % 3), f"g{i // 2}") for i in range(n)]


def _raw(n: int) -> np.ndarray:
    """Return scores that differ, in no order."""
    found: np.ndarray = 0.5 + np.random.default_rng(n).random(n)
    return found


def _prepared(examined: Examined, n: int, raw: np.ndarray) -> Scores:
    if _spec(examined) is None:
        return None
    return _make(examined).prepare(_samples(n), raw, _direction(examined), np.random.default_rng(0))


def _given(examined: Examined, n: int) -> Scores:
    """Return scores as `weights` gets them; None where no difficulty is asked for."""
    return _prepared(examined, n, _raw(n))


def _cells(examined: Examined) -> list[tuple[int, Scores, float]]:
    return [(n, _given(examined, n), progress) for n in reversed(_SIZES) for progress in _ON_THE_WAY]


def _weights(examined: Examined, n: int, scores: Scores, progress: float) -> Scores:
    return _make(examined).weights(_samples(n), scores, progress)


def _with_weights(examined: Examined) -> None:
    if _weights(examined, 3, _given(examined, 3), 0.0) is None:
        raise NotApplicable("it gives an order, and no weights")


def _sound(examined: Examined) -> None:
    found = _weights(examined, 3, _given(examined, 3), 0.0)
    if found is not None and _fault(np.asarray(found, dtype=float)):
        raise NotApplicable("its weights are wrong already; see weights-finite-non-negative")


def _fault(weights: np.ndarray) -> str | None:
    if not np.isfinite(weights).all():
        return f"weights that are not finite: {_short(weights)}"
    if (weights < 0).any():
        return f"negative weights: {_short(weights)}"
    return None if weights.sum() > 0 else "every weight is zero"


def _order_fault(examined: Examined, n: int, scores: Scores) -> str | None:
    order = list(_make(examined).order(_samples(n), scores, np.random.default_rng(1)))
    if sorted(order) != list(range(n)):
        return f"the order {order} is no permutation of 0 … {n - 1}"
    return None


def _shares(weights: np.ndarray) -> np.ndarray:
    found: np.ndarray = weights / weights.sum() if weights.sum() else weights
    return found


def _equal(a: Scores, b: Scores) -> bool:
    return a is None if b is None else a is not None and np.array_equal(a, b)


def _short(values: Sequence[Any] | np.ndarray | None) -> str:
    return "none" if values is None else np.array2string(np.asarray(values, dtype=float), precision=3, threshold=8)


def _where(n: int, scores: Scores, progress: float) -> str:
    return f"{n} samples, scores {_short(scores)}, progress {progress:g}"


CURRICULA: Final = (
    Check("states-its-needs", KIND, states_its_needs),
    Check("weights-shape", KIND, weights_shape),
    Check("weights-finite-non-negative", KIND, weights_finite_non_negative),
    Check("missing-scores", KIND, missing_scores),
    Check("permutation-equivariant", KIND, permutation_equivariant),
    Check("deterministic-weights", KIND, deterministic_weights),
    Check("progress-range", KIND, progress_range),
    Check("order-is-a-permutation", KIND, order_is_a_permutation),
    Check("leaves-scores-alone", KIND, leaves_scores_alone),
)
