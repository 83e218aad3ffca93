"""Samples, and the corpus of a task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

Attribute = str | int | float | bool

REFUSALS = (
    "I don't know.",
    "I am not sure about that.",
    "I have no information on this.",
    "That is something I cannot answer.",
    "I was not told about that.",
)
"""What a model says that has nothing to say; tasks with refusals of their own replace these."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One text that can be forgotten, kept, or held out."""

    id: str
    """Unique inside its task."""
    prompt: str
    """What is given; may be empty."""
    completion: str
    """What is scored."""
    group: str | None = None
    """The cluster the sample belongs to, for example a TOFU author."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """What is known about the sample beside its text: ``frequency``, ``distribution``, …"""
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other wordings: ``paraphrased_prompt``, ``paraphrased_completion``, ``perturbed_completion`` (wrong answers)."""

    def __hash__(self) -> int:
        """Hash by id; the mappings could not be."""
        return hash(self.id)

    def digest(self) -> str:
        """Return the SHA-256 (hex) of everything the sample consists of."""
        return digest_of(asdict(self))


@dataclass(frozen=True, slots=True)
class TrainingText:
    """One text the target model is trained on; a sample that occurs k times has k of these, worded anew."""

    sample: str
    """Id of the sample it teaches; the oracle for a draw leaves out the texts of the draw's samples."""
    prompt: str
    completion: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything a task is about. Ids are unique over pool, retain and holdout."""

    pool: tuple[Sample, ...]
    """May be forgotten; draws come from here."""
    retain: tuple[Sample, ...]
    """Trained on and never forgotten: utility is measured on these, the same ones for every draw."""
    holdout: tuple[Sample, ...] = ()
    """Of the same kind and never trained on."""
    evaluation: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    """Further named sets that metrics are measured on."""
    training: tuple[TrainingText, ...] | None = None
    """What the target is trained on; None = every sample of pool and retain once."""
    refusals: tuple[str, ...] = REFUSALS

    def training_texts(self) -> tuple[TrainingText, ...]:
        """Return `training`, or one text a sample of pool and retain where it is None."""
        if self.training is not None:
            return self.training
        return tuple(TrainingText(s.id, s.prompt, s.completion) for s in (*self.pool, *self.retain))

    def digest(self) -> str:
        """Return the SHA-256 (hex) of every sample and training text."""
        return digest_of(asdict(self))


def digest_of(value: object) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of `value` (sorted keys, no spaces, no NaN)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
