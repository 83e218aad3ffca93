"""Metrics measure an unlearned model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar

from fairforget.api.plugin import Plugin
from fairforget.api.sample import Sample
from fairforget.api.spec import PluginSpec

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet

T = TypeVar("T")
Role = Literal["completeness", "utility", "diagnostic"]
WeighBy = Literal["columns", "items"]
Scope = Literal["answer", "full"]
"""Which tokens are scored: those of the completion, or those of the prompt too, but for the very first."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a metric found: a value an item, and the aggregate."""

    value: float
    """The aggregate; NaN where nothing could be measured."""
    items: Mapping[str, float]
    """By sample id. For a set-level statistic (AUC) the item values it was computed from."""
    n: int
    """Items behind `value`."""
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Sample id -> why it has no value. Never dropped silently."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able settings and by-products worth keeping. Texts in a list ``warnings`` become problems of the record."""


@dataclass(frozen=True, slots=True)
class MetricUse:
    """A metric in a task: on which samples, in which role."""

    column: str
    """Unique name of the column on boards and in records, for example ``forget_rouge_l``."""
    metric: PluginSpec
    on: str
    """``forget``, ``retain``, ``holdout`` or a name in `Corpus.evaluation`."""
    role: Role
    complement: bool = False
    """Record 1 − value, aggregate and items alike; for a completeness column of something that measures memory."""
    average: bool = True
    """Whether the column enters the average of its role (the paper's UC and UT)."""
    view: Literal["probability", "generation"] | None = None
    """Marks the completeness column that stands for completeness by probability, or by generation."""
    weigh_by: WeighBy = "columns"
    """How much the column weighs in that average: as every other column, or as many times as it has items, so that the
    average is over all questions and a small subject counts little. All averaged columns of a role say the same."""


class Subject(Protocol):
    """The model under measurement together with one set of samples; forward passes are shared between metrics.

    All lists are in the order of `samples`. Token arrays cover the scored tokens: the completion without its
    end-of-text token; with `scope` ``full`` what stands before it too. `prompt` and `completion` name a wording: the
    sample's own, or a key of `Sample.variants`, with ``:i`` for the i-th of several (``perturbed_completion:2``); a
    sample without it has an empty array or text.
    """

    @property
    def samples(self) -> Sequence[Sample]: ...

    @property
    def model(self) -> Any:
        """The live model, for attacks on gradients and for other harnesses; leave it bitwise as it was.

        Passes through it are counted, and shared with no other metric.
        """
        ...

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of the model."""
        ...

    def on(self, name: str) -> Subject:
        """Return the same model with another set: ``forget``, ``retain``, ``holdout``, or of `Corpus.evaluation`."""
        ...

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under the key for all sets of this state of the model, made at the first call.

        For what metrics can share beyond the passes below; begin the key with the name of your distribution.
        """
        ...

    def reference(self) -> Subject | None:
        """Return the same set under the oracle, trained as the target was but never on the samples to forget.

        The first call of a cell makes or loads it. None where the target has no training to run again.
        """
        ...

    def encode(self, prompt: str = "prompt", completion: str = "completion") -> SampleSet:
        """Return the tokens of the samples that have these wordings; each carries its sample."""
        ...

    def logprobs(
        self, prompt: str = "prompt", completion: str = "completion", *, scope: Scope = "answer"
    ) -> list[np.ndarray]:
        """Return natural-log probabilities of the scored tokens, float64, one array (n_tokens,) a sample."""
        ...

    def moments(
        self, prompt: str = "prompt", completion: str = "completion", *, scope: Scope = "answer"
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return mean and standard deviation of log p(v), v drawn from the model's own distribution at each token.

        In nats, float64, two arrays (n_tokens,) a sample: what Min-K%++ normalises by.
        """
        ...

    def hits(self) -> list[np.ndarray]:
        """Return for every scored token whether it is the model's first choice (ties: lowest id); bool (n_tokens,)."""
        ...

    def score_texts(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return natural-log probabilities of all tokens of free texts, float64, one array (n_tokens,) a text.

        The first token follows the begin-of-text token, or end-of-text where the tokenizer has no other.
        """
        ...

    def generate(self, prompt: str = "prompt", max_new_tokens: int | None = None) -> list[str]:
        """Return the greedy answer to each prompt, without special tokens and surrounding space.

        An answer has at most `max_new_tokens` tokens; None = as many as the study says.
        """
        ...

    def continuations(self, stride: int = 1, shortest: int = 1) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
        """Return for each sample (generated, reference) token pairs, one a prefix of t tokens of the completion.

        Generated is the greedy continuation after the prompt and the prefix, at most as long as the reference, which is
        what follows the prefix; t = 1, 1 + stride, … while the reference has at least `shortest` tokens.
        """
        ...


class Metric(Plugin, ABC):
    """One measurement."""

    higher_is: ClassVar[Literal["more memory", "less memory", "better", "worse"]]
    """The direction of the raw value: of the sample's memory (probability: "more memory") or of quality itself.

    A property where it depends on an option.
    """
    unit: ClassVar[str] = ""
    prompts: ClassVar[tuple[str, ...]] = ()
    """Prompts whose greedy answers it asks for. Only a hint: told beforehand, several metrics share a batch."""
    reads: ClassVar[tuple[str, ...]] = ()
    """What it reads of the samples' own wordings beside log-probabilities of the completion: ``full`` for the prompt's
    tokens too, ``moments``. Only a hint: told beforehand, every text is run once. A property where an option decides.
    """
    quick: ClassVar[bool] = False
    """Whether one pass over the samples' own wordings tells it. Such columns are measured on the way (a study's
    ``trajectory``) where the study names none. A property where an option decides.
    """

    def depends_on(self) -> Mapping[str, Any]:
        """Return what decides the value besides the model, the samples and the options: what lies at a path.

        It is part of the key of every cell, so it names contents (digests, commits, versions) and not places. What is
        said under the name of an option is the whole content of what the option names: the option itself is then no
        part of the key. JSON-able; it is asked for while a study is planned, and must import nothing heavy.

        Raises:
            FairforgetError: something it needs is not there; the message names the option and the mend.
        """
        return {}

    def pinned(self, found: Mapping[str, Any]) -> Metric:
        """Return the metric that measures with exactly what `depends_on` found when the study was planned.

        Needed where an option can name a branch of a hub, which may have moved since; the default is the metric itself.
        """
        return self

    def announce(self, subject: Subject) -> None:
        """Say what `measure` will ask for, so that metrics share a computation; called once, before any measures.

        Only a hint, and it computes nothing: `measure` works without it.
        """

    @abstractmethod
    def measure(self, subject: Subject) -> Measurement:
        """Measure the subject's model on the subject's samples."""
