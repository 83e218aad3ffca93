"""What of a pool its target knows before anything is unlearned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fairforget.api import Sample
from fairforget.errors import FairforgetError


@dataclass(frozen=True, slots=True)
class Known:
    """Which samples no draw may have, and what to say."""

    left_out: frozenset[str] = frozenset()
    """Ids."""
    lines: tuple[str, ...] = ()
    """For the user, and for the record of every draw."""


def known_of(
    samples: Sequence[Sample], facts: Mapping[str, Any], unknown: Literal["leave out", "keep"] | None
) -> Known:
    """Look which samples are known: those whose completion is the target's own greedy answer, token by token.

    Args:
        samples: the pool.
        facts: what the job `prepare` found, in the order of the samples: ``memorization_accuracy`` is the share of
            tokens of the completion that are the model's first choice, None where it could not be told.
        unknown: what becomes of the others (`fairforget.api.Task.unknown_samples`); None = nobody looks.

    Raises:
        FairforgetError: they are left out, and the target knows no sample.
    """
    if unknown is None:
        return Known()
    strange = frozenset(
        sample.id for sample, share in zip(samples, facts["memorization_accuracy"], strict=True) if share != 1
    )
    line = (
        f"the target answers {len(samples) - len(strange)} of the {len(samples)} samples of the pool before unlearning"
    )
    if unknown == "keep":
        return Known(frozenset(), (f"{line}; the others are drawn all the same",))
    if len(strange) == len(samples):
        msg = f"{line}, so there is nothing to forget; give the study another model, or the task unknown: keep"
        raise FairforgetError(msg)
    return Known(strange, (f"{line}; the others are in no draw",))
