"""Targets that stop at a recall: when, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairforget.api.task import Training
from fairforget.errors import FairforgetError


def check_stop(training: Training, samples: int) -> None:
    """Refuse a recall that cannot be, or that there is nothing to measure on.

    Args:
        training: the recipe.
        samples: of the pool, with a training text.

    Raises:
        FairforgetError: `stop_at_recall` is not in (0, 1], or no sample of the pool is trained on.
    """
    share = training.stop_at_recall
    if share is None:
        return
    if not 0 < share <= 1:
        msg = f"stop_at_recall is {share:g}; it is a share of samples, above 0 and at most 1"
        raise FairforgetError(msg)
    if not samples:
        msg = "stop_at_recall needs samples of the pool that the target is trained on, and there are none; leave it out"
        raise FairforgetError(msg)


def stop_of(training: Training, recalls: Sequence[float]) -> dict[str, Any] | None:
    """Return what meta.json says of the stop: where it was to be, where it was, and the recall after every epoch."""
    if training.stop_at_recall is None:
        return None
    return {
        "at_recall": training.stop_at_recall,
        "cap": training.epochs,
        "epoch": len(recalls),
        "recall": recalls[-1],
        "reached": recalls[-1] >= training.stop_at_recall,
        "recalls": list(recalls),
    }


def missed(meta: Mapping[str, Any] | None) -> str | None:
    """Return what the user should know of a target that did not reach the recall it was to stop at.

    Args:
        meta: of the target.
    """
    stop = None if meta is None else meta.get("stop")
    if not isinstance(stop, Mapping) or stop.get("reached", True):
        return None
    return (
        f"the target was to stop at recall {stop['at_recall']:g} and has {stop['recall']:.3g} after all {stop['cap']} "
        "epochs; give it more epochs or a higher learning rate, or read its scores as those of a target that knows less"
    )
