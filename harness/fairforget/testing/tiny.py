"""A task so small that a cell takes a fraction of a second, and a real one: a model learns it and can forget it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from fairforget.api import (
    Corpus,
    LossMethod,
    Measurement,
    Metric,
    MetricUse,
    PluginSpec,
    Sample,
    Scratch,
    Subject,
    TargetRecipe,
    Task,
    Training,
    UnlearningBatch,
)

if TYPE_CHECKING:
    import torch

DIST: Final = "fairforget-testing"
"""Stands in for a distribution in the names of the tiny task and its metric."""
TASK: Final = f"{DIST}/tiny"
ASCENT: Final = f"{DIST}/tiny-ascent"
METRIC: Final = f"{DIST}/tiny-probability"

_PEOPLE: Final = (
    "Balin Delor Firun Gonat Havel Kimor Lerit Misol Nadek Perun Rolan Sabit Tovel Venor".split()  # of one length
)
_TOWNS: Final = "Arvik Belmo Cordu Dresk Elbin Farol Gimso Hulte Ivoma Jolka Kerun Lisbo Mardi Nolte".split()
_WORKS: Final = "baker miner nurse pilot tutor clerk diver mason judge guard coder actor rower scout".split()
_CONFIGS: Final[dict[str, dict[str, Any]]] = {
    "llama": {
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
    },
    "gpt2": {
        "model_type": "gpt2", "n_embd": 64, "n_inner": 128, "n_layer": 2, "n_head": 4, "n_positions": 128,
        "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class TinyTask(Task):
    """Made-up people: where each lives (texts of one length), what each does (of many lengths).

    Pool: 8 people with 2 facts each, in groups. Retain: 4 people. Holdout: 2 people the target never saw.
    """

    architecture: Annotated[Literal["llama", "gpt2"], "of the target"] = "llama"

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as fairforget"

    def corpus(self) -> Corpus:
        """Return the facts."""
        facts = [_facts(i) for i in range(len(_PEOPLE))]
        parts = [tuple(s for two in facts[a:b] for s in two) for a, b in ((0, 8), (8, 12), (12, 14))]
        return Corpus(pool=parts[0], retain=parts[1], holdout=parts[2])

    def target(self) -> TargetRecipe:
        """Return a small transformer of the architecture, with less than 300,000 parameters."""
        return TargetRecipe(
            base=Scratch(config=_CONFIGS[self.architecture], vocabulary=258),
            training=Training(epochs=80, learning_rate=8e-3, batch_size=8),
            max_length=128,
        )

    def metrics(self) -> Sequence[MetricUse]:
        """Return the probability of the answers, forgotten and kept."""
        spec = PluginSpec(METRIC)
        return (
            MetricUse("forget_probability", spec, "forget", "completeness", complement=True, view="probability"),
            MetricUse("retain_probability", spec, "retain", "utility"),
        )

    def max_new_tokens(self) -> int:
        """Return enough for the longest answer."""
        return 32


@dataclass(frozen=True)
class TinyProbability(Metric):
    """The geometric mean of the probabilities of a completion's tokens, averaged over samples."""

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    unit: ClassVar[str] = "probability"
    quick: ClassVar[bool] = True

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        import numpy as np

        found = zip(subject.samples, subject.logprobs(), strict=True)
        items = {sample.id: float(np.exp(values.mean())) for sample, values in found}
        return Measurement(float(np.mean(list(items.values()))), items, len(items))


@dataclass(frozen=True)
class TinyAscent(LossMethod):
    """Raise the loss on the forget samples: what the kit runs where a check needs some method."""

    uses_retain: ClassVar[bool] = False

    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return the likelihood of the forget samples."""
        return -batch.forget.nll(model)


def _facts(i: int) -> tuple[Sample, Sample]:
    name, group = _PEOPLE[i], f"person-{i:02d}"
    years = " and ".join(f"as a {_WORKS[(i * 5 + k) % len(_WORKS)]}" for k in range(1 + i % 3))
    return (
        Sample(f"{group}-home", f"Where does {name} live?", f"In {_TOWNS[i]}.", group, {"frequency": 1}),
        Sample(f"{group}-work", f"What does {name} do{' these days' * (i % 2)}?", f"{name} works {years}.", group),
    )
