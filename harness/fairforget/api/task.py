"""Tasks: a corpus, the model that knows it, and what is measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from fairforget.api.metric import MetricUse
from fairforget.api.plugin import Plugin
from fairforget.api.sample import Corpus


@dataclass(frozen=True, slots=True)
class Template:
    """How prompt and completion become one text."""

    prompt: str = "{prompt}"
    """Format of what stands before the completion; ``{prompt}`` is replaced."""
    completion: str = " {completion}"
    chat: bool = False
    """Put the prompt through the tokenizer's chat template as a user's turn, the completion as the assistant's."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A small model made from nothing: architecture, sizes, and a tokenizer trained on the corpus."""

    config: Mapping[str, Any]
    """``model_type`` and the arguments of its transformers config; the vocabulary size is set by the tokenizer."""
    vocabulary: int = 1024
    """Entries of the byte-level BPE tokenizer, at most."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model that exists: a hub id or a local folder."""

    path: str
    revision: str | None = None
    gguf_file: str | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    adapter: Mapping[str, Any] | None = None
    """LoRA: ``path`` of an adapter to merge, or ``r``, ``alpha``, ``dropout``, ``target_modules`` of one to train."""
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True)
class Training:
    """How the target learns the corpus; the oracle of a draw is trained the same way without the draw.

    Where the training stops at a recall, "the same way" means for as many epochs: the target decides when it stops, and
    its oracles stop there too. An oracle that decided for itself would differ from the target in more than the draw: it
    has fewer texts, reaches the recall sooner or later, and would be of another age. Nor could it be asked about the
    draw, which it never learns. Each oracle has seen every text it learns exactly as often as the target has.
    """

    epochs: int
    """Passes over the training texts; at most so many where `stop_at_recall` is set."""
    learning_rate: float
    batch_size: int
    weight_decay: float = 0.0
    warmup: float = 0.05
    """Share of the updates with a linearly rising rate."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    max_grad_norm: float = 1.0
    stop_at_recall: float | None = None
    """Share, in (0, 1], of the trained samples of the pool whose greedy answer is the completion to its end, at which
    the training stops; looked at after every epoch. The schedule runs over all `epochs`, so an early stop cuts it off
    at the rate it has reached then. A target that has not reached it after `epochs` is used, and its records say so.
    None = never."""


@dataclass(frozen=True, slots=True)
class TargetRecipe:
    """How to make the target model."""

    base: Scratch | Pretrained
    training: Training | None
    """None: the base is the target as it stands, and there is no oracle."""
    template: Template = Template()
    max_length: int = 512
    """Tokens of prompt and completion; a longer text is an error that names the sample, never cut silently."""


class Task(Plugin, ABC):
    """A corpus, its target, its metrics."""

    version: ClassVar[int]
    """Raised by hand whenever the same model would get other scores; results of two versions never share a table."""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    places: ClassVar[tuple[str, ...]] = ("data",)
    """Options that say where something lies whose content is known otherwise: it is in the corpus, whose digest is
    taken, or a metric's `depends_on` says it. They are no part of the key of a cell, as are options that are paths.
    """
    averaged: ClassVar[Mapping[str, str]] = {}
    """What ``completeness`` and ``utility`` are the means of, in words that go on after "those are"; a report of claims
    prints them.
    """

    @abstractmethod
    def corpus(self) -> Corpus:
        """Return (or load) the corpus; the same bytes at every call.

        Raises:
            FairforgetError: a file is missing or has another schema; the message names file, row and key.
        """

    @abstractmethod
    def target(self) -> TargetRecipe:
        """Return how the model that knows the corpus is made; the study's ``model`` replaces the base."""

    @abstractmethod
    def metrics(self) -> Sequence[MetricUse]:
        """Return what is measured, in the order of the board's columns."""

    def max_new_tokens(self) -> int:
        """Return how many tokens a generated answer may have."""
        return 64

    def unknown_samples(self) -> Literal["leave out", "keep"] | None:
        """Return what becomes of samples that the target does not know before anything is unlearned.

        A sample is known where its completion is the target's own greedy answer, token by token, whatever follows it.
        ``leave out``: no draw has the others, no method keeps by them, and the retain and evaluation sets are measured
        without them: to keep what is not known would be to teach it. ``keep``: they are drawn, kept and measured as all
        are. Either way the advice of every draw says how many of the pool are known; None = nobody looks.
        """
        return None
