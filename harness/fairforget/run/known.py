"""What its target knows of a corpus before anything is unlearned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fairforget.api import Corpus, Sample
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
    return Known(strange, (f"{line}; the others are in no draw, and no method keeps by them",))


def kept_sets(corpus: Corpus) -> dict[str, tuple[Sample, ...]]:
    """Return the sets that tell what is kept, by the names that metrics have for them."""
    return {"retain": corpus.retain, **corpus.evaluation}


def kept_line(corpus: Corpus, unknown: Collection[str]) -> str:
    """Return how much of what is to be kept the target knows; empty where there is nothing to be kept.

    Args:
        corpus: of the task.
        unknown: ids of the samples that the target does not know.

    Raises:
        FairforgetError: it knows nothing of a set.
    """
    told = []
    for name, samples in kept_sets(corpus).items():
        known = sum(sample.id not in unknown for sample in samples)
        if samples and not known:
            msg = (
                f"the target answers none of the {len(samples)} samples of {name} before unlearning, so nothing tells "
                "whether they are kept; give the study another model, or the task unknown: keep"
            )
            raise FairforgetError(msg)
        if samples:
            told.append(f"{known} of the {len(samples)} of {name}")
    return f"of what is kept it answers {', '.join(told)}; the others are measured by no metric" if told else ""
