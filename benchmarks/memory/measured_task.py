"""A task around a model of random weights, for `measure.py`: nothing is trained before the cells are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fairforget import Entry, hookimpl
from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task

WORDS = "the keeper of the old harbour counted nine grey boats before the fog came in and went home to write".split()


def samples(kind: str, number: int, words: int) -> tuple[Sample, ...]:
    """Return samples of so many words each."""
    return tuple(
        Sample(f"{kind}{i}", f"What of {kind} {i}?", " ".join(WORDS[(i + j) % len(WORDS)] for j in range(words)))
        for i in range(number)
    )


@dataclass(frozen=True)
class Measured(Task):
    """Made-up texts of one length; the base is the target."""

    base: Annotated[str, "folder of the model"]
    words: Annotated[int, "of a text"] = 40
    dtype: Annotated[str, "the weights are loaded as"] = "float32"

    version: ClassVar[int] = 1
    places: ClassVar[tuple[str, ...]] = ("base",)

    def corpus(self) -> Corpus:
        """Return the texts."""
        return Corpus(pool=samples("pool", 16, self.words), retain=samples("retain", 16, self.words))

    def target(self) -> TargetRecipe:
        """Return the base as it is."""
        return TargetRecipe(Pretrained(self.base, dtype=self.dtype), None, max_length=1024)  # type: ignore[arg-type]

    def metrics(self) -> Sequence[MetricUse]:
        """Return two columns."""
        probability = PluginSpec("probability")
        return [
            MetricUse("forget_probability", probability, "forget", "completeness", complement=True),
            MetricUse("retain_probability", probability, "retain", "utility"),
        ]


@hookimpl
def fairforget_tasks() -> list[Entry]:
    """Name the task."""
    return [Entry("measured", f"{__name__}:Measured")]
