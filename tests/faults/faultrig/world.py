"""A plugin file: a study so small that a cell takes a hundredth of a second, and a method that can be disturbed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from fairforget import Entry, hookimpl
from fairforget.api import (
    Corpus,
    LossMethod,
    MetricUse,
    PluginSpec,
    Sample,
    Scratch,
    TargetRecipe,
    Task,
    Training,
)

TROUBLE = "FAULTS_TROUBLE"
"""Names a file. Where it is there, the method `fragile` removes it and meets what it says."""

_NAMES = "Balin Delor Firun Gonat Havel Kimor Lerit Misol Nadek Perun".split()
_TOWNS = "Arvik Belmo Cordu Dresk Elbin Farol Gimso Hulte Ivoma Jolka".split()


@hookimpl
def fairforget_tasks() -> Iterable[Entry]:
    """Name the task."""
    return [Entry("small", ":Small")]


@hookimpl
def fairforget_metrics() -> Iterable[Entry]:
    """Name the metric."""
    return [Entry("likelihood", "fairforget.testing.tiny:TinyProbability")]


@hookimpl
def fairforget_methods() -> Iterable[Entry]:
    """Name the method."""
    return [Entry("fragile", ":Fragile")]


@dataclass(frozen=True)
class Small(Task):
    """Seven people to forget, two to keep, one never seen."""

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as fairforget"

    def corpus(self) -> Corpus:
        """Return where everybody lives."""
        people = [
            Sample(f"person-{i}", f"Where does {_NAMES[i]} live?", f"In {_TOWNS[i]}{' or so' * (i % 3)}.")
            for i in range(len(_NAMES))
        ]
        return Corpus(pool=tuple(people[:7]), retain=tuple(people[7:9]), holdout=tuple(people[9:]))

    def target(self) -> TargetRecipe:
        """Return one layer, trained for a moment."""
        config = {
            "model_type": "llama", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64,
        }  # fmt: skip
        training = Training(epochs=3, learning_rate=1e-2, batch_size=4)
        return TargetRecipe(base=Scratch(config=config, vocabulary=258), training=training, max_length=64)

    def metrics(self) -> Sequence[MetricUse]:
        """Return one column for what is forgotten and one for what is kept."""
        spec = PluginSpec("likelihood")
        return (
            MetricUse("forget_likelihood", spec, "forget", "completeness", complement=True, view="probability"),
            MetricUse("retain_likelihood", spec, "retain", "utility"),
        )

    def max_new_tokens(self) -> int:
        """Return one: nothing generates."""
        return 1


@dataclass(frozen=True)
class Fragile(LossMethod):
    """Gradient ascent that meets trouble once, if a file says so; its cell does not know of that."""

    uses_retain: ClassVar[bool] = False

    def loss(self, model: Any, batch: Any) -> Any:
        """Return the likelihood of the forget samples."""
        if (file := os.environ.get(TROUBLE)) and Path(file).exists():
            trouble = Path(file).read_text(encoding="utf-8")
            Path(file).unlink()
            meet(trouble)
        return -batch.forget.nll(model)


class _Halfway:
    """A library that an interrupt meets between two halves of what it does."""

    def __enter__(self) -> None:
        """Push half."""

    def __exit__(self, *_: object) -> None:
        """Pop what was never pushed."""
        raise RuntimeError("trying to pop from an empty stack, says the test")


def meet(trouble: str) -> None:
    """Do what the text says."""
    import torch

    if trouble == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif trouble == "memory":
        raise MemoryError("no memory, says the test")
    elif trouble == "allocation":
        torch.empty(1 << 62, dtype=torch.uint8)
    elif trouble == "bug":
        raise ValueError("a bug of the method, says the test")
    elif trouble == "interrupt":
        with _Halfway():
            os.kill(os.getpid(), signal.SIGINT)
    elif trouble == "disk":
        raise OSError(28, "No space left on device")
