"""Asking a difficulty for scores of the tiny task's samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget.testing.definition import CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet
    from fairforget.testing.case import Architecture

COUNT: Final = 6
"""Samples that are scored: several groups, ragged lengths."""


def samples(examined: Examined, architecture: Architecture = "llama") -> SampleSet:
    """Return samples of the tiny task, encoded by its target."""

    def encode() -> SampleSet:
        bench = examined.lab.bench(architecture)
        return bench.to_score(bench.corpus.pool[:COUNT])

    return examined.once(("samples", architecture), encode)


def model(examined: Examined, architecture: Architecture = "llama") -> Any:
    """Return a copy of the tiny target's model."""
    return examined.lab.bench(architecture).fresh_model()


def score(
    examined: Examined,
    of: SampleSet,
    *,
    seed: int = 0,
    on: Any = None,
    by: Difficulty | None = None,
    architecture: Architecture = "llama",
) -> Scores:
    """Return the scores of some samples, as the harness asks for them.

    Args:
        examined: the difficulty.
        of: the samples.
        seed: of the generator.
        on: the model; a copy of the target's by default.
        by: the instance that scores; a new one by default.
        architecture: of the target.

    Raises:
        CheckFailed: it returns something else than one number a sample.
    """
    import numpy as np

    from fairforget.run.cell import score_samples
    from fairforget.testing.watch.audit import hearing

    difficulty = examined.make() if by is None else by
    lent = on if on is not None or not difficulty.needs_model else model(examined, architecture)
    try:
        with hearing():  # nobody reaches the network meanwhile
            return score_samples(difficulty, lent, of, np.random.default_rng(seed))
    except FairforgetError as error:
        if "with an array of shape" not in str(error):
            raise
        raise CheckFailed(str(error)) from error


def usual(examined: Examined) -> Scores:
    """Return the scores of all samples by a new instance, computed once for all checks.

    Raises:
        NotApplicable: it refuses the tiny task, which may lack what it needs.
    """

    def make() -> Scores | FairforgetError:
        try:
            return score(examined, samples(examined))
        except FairforgetError as error:
            return error

    found = examined.once("usual scores", make)
    if isinstance(found, FairforgetError):
        msg = f"it refuses to score the tiny task: {found}"
        raise NotApplicable(msg) from found
    return found


def tolerance(values: np.ndarray) -> float:
    """Return the difference that rounding may make: a thousandth of how far the scores lie apart."""
    import numpy as np

    known = values[np.isfinite(values)]
    return float(1e-3 * np.ptp(known) + 1e-5 * np.abs(known).max()) if known.size else 0.0


def differ(one: np.ndarray, other: np.ndarray, allowed: float) -> list[int]:
    """Return the positions at which two arrays of scores are not the same."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # infinity less itself
        same = (np.abs(one - other) <= allowed) | (np.isnan(one) & np.isnan(other)) | (one == other)
    return [int(i) for i in np.flatnonzero(~same)]


def smallest_subset(count: int, wrong: Callable[[Sequence[int]], str | None]) -> str | None:
    """Return what is wrong with all `count` samples, told of as few of them as show it; None where nothing is.

    Args:
        count: samples there are.
        wrong: says what is wrong with the samples at some positions.
    """
    found = wrong(range(count))
    if found is None:
        return None
    for fewer in range(1, count):
        try:
            smaller = wrong(range(fewer))
        except Exception:  # noqa: BLE001, S112 - another fault than the one that is told of
            continue
        if smaller is not None:
            return f"{smaller} (with the first {fewer} samples of the tiny task)"
    return f"{found} (with the first {count} samples of the tiny task)"


@contextmanager
def other_global_state(seed: int = 4321) -> Iterator[None]:
    """Let the global generators be in another state for a while."""
    import numpy as np
    import torch

    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what it must not draw from
    try:
        with torch.random.fork_rng(devices=[]):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
