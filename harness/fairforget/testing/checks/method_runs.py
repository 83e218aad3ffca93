"""Whether a method gets through: plain cells, and the smallest, raggedest and strangest ones."""

from __future__ import annotations

from typing import Final

import torch

from fairforget.testing.case import Case, smallest
from fairforget.testing.checks.observed import BOTH, KIND, OWNERS, judge, no_reference_row, observed, survives
from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined
from fairforget.testing.watch.observe import Observation


def runs(examined: Examined) -> None:
    """It unlearns four samples of one length in three updates without failing."""
    found = observed(examined)
    if found.problem is not None and found.problem not in OWNERS:
        raise CheckFailed(found.message, Case())


def finite_losses(examined: Examined) -> None:
    """Every loss, gradient and weight is a finite number."""
    found = observed(examined)
    if found.problem is not None and OWNERS.get(found.problem) == "finite-losses":
        raise CheckFailed(found.message, _first_non_finite(examined))
    judge(examined, _not_finite)


def batch_size_one(examined: Examined) -> None:
    """It gets by with one sample an update."""
    survives(examined, Case(batch_size=1))


def one_sample(examined: Examined) -> None:
    """It gets by with a single sample to forget."""
    survives(examined, Case(samples=1))


def ragged_lengths(examined: Examined) -> None:
    """It gets by with texts of several lengths in a batch."""
    survives(examined, Case(lengths="ragged", samples=6, batch_size=3))


def second_architecture(examined: Examined) -> None:
    """It works on a GPT-2 as it does on a Llama."""
    case = Case(architecture="gpt2")
    survives(examined, case)
    judge(examined, _not_finite, case)


def learns_something(examined: Examined) -> None:
    """The weights are others than the target's."""
    no_reference_row(examined)
    judge(examined, lambda found: None if found.moved else "every weight is the target's: nothing was unlearned")


def _not_finite(found: Observation) -> str | None:
    bad = [name for name, t in found.weights.items() if t.is_floating_point() and not torch.isfinite(t).all()]
    return f"{len(bad)} tensors of the model have values that are not finite: {', '.join(bad[:3])}" if bad else None


def _first_non_finite(examined: Examined) -> Case:
    def wrong(case: Case) -> str | None:
        found = observed(examined, case)
        return found.message if OWNERS.get(found.problem or "") == "finite-losses" else None

    shown = smallest(wrong, Case())
    return Case() if shown is None else shown[1]


RUNS: Final = (
    Check("runs", BOTH, runs),
    Check("finite-losses", KIND, finite_losses),
    Check("learns-something", KIND, learns_something),
    Check("batch-size-one", BOTH, batch_size_one),
    Check("one-sample", BOTH, one_sample),
    Check("ragged-lengths", KIND, ragged_lengths),
    Check("second-architecture", KIND, second_architecture),
)
