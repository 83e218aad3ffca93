"""A task and a method that take no time, so that what a study costs is what the harness costs; see many_cells.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fairforget.api import Corpus, Method, MetricUse, PluginSpec, Sample, Scratch, TargetRecipe, Task, Training
from fairforget.hookspecs import Entry, hookimpl

CONFIG = {
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "max_position_embeddings": 32,
    "tie_word_embeddings": True,
}


@dataclass(frozen=True)
class Words(Task):
    """Three hundred words, each with another."""

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"

    def corpus(self) -> Corpus:
        """Return them: two hundred may be forgotten."""
        found = tuple(Sample(f"w{i}", f"word {i}", f"is {i * i % 97}") for i in range(300))
        return Corpus(pool=found[:200], retain=found[200:250], holdout=found[250:])

    def target(self) -> TargetRecipe:
        """Return a model of a few thousand parameters, trained for a moment."""
        return TargetRecipe(base=Scratch(CONFIG, vocabulary=300), training=Training(1, 1e-3, batch_size=50))

    def metrics(self) -> Sequence[MetricUse]:
        """Return the probability of what was to be forgotten."""
        return (MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True),)


@dataclass(frozen=True)
class Nothing(Method):
    """Changes nothing."""

    def unlearn(self, run: object) -> None:
        """Leave the model as it is."""


@hookimpl
def fairforget_tasks() -> Iterable[Entry]:
    """Name the task."""
    return (Entry("words", f"{__name__}:Words", "words, each with another"),)


@hookimpl
def fairforget_methods() -> Iterable[Entry]:
    """Name the method."""
    return (Entry("nothing", f"{__name__}:Nothing", "changes nothing"),)
