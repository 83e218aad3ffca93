"""What a study needs beside what there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.api import Corpus, Engine, TargetRecipe
from fairforget.run.memory.need import MIB, Need
from fairforget.run.memory.needs import needs_of, training_need
from fairforget.run.memory.place import Place, place_of
from fairforget.run.memory.subject import Subject, subject_of
from fairforget.study.plan import Plan

OWN: Final = 300 * MIB
"""What a process has for itself beside models and activations: Python, torch, transformers; measured."""
LIBRARIES: Final = 120 * MIB
"""Files of libraries in the memory of a process, which all processes of a machine share; measured without CUDA."""
LEAST: Final = 100 * MIB
"""Without which no process has imported torch."""
CONTEXT: Final = 500 * MIB
"""What CUDA and its libraries take of a GPU for every process; from memory of their documentation."""


@dataclass(frozen=True, slots=True)
class MemoryForecast:
    """The memory of a study, in bytes."""

    subject: Subject
    needs: tuple[Need, ...]
    """Of one process, phase by phase: making the target where it is not there, scoring, cells."""
    place: Place

    @property
    def dearest(self) -> Need:
        """What one process holds at most."""
        return max(self.needs, key=lambda need: need.likely)

    @property
    def process(self) -> float:
        """What the system counts as resident of one process at its peak; on a GPU, what it takes there."""
        return OWN + LIBRARIES + self._own() if self.on_machine else CONTEXT + self._own()

    @property
    def together(self) -> float:
        """What all processes take of the machine, what they share counted once; of one GPU, where they are on GPUs."""
        if not self.on_machine:
            return self.place.shared * self.process
        target = self.subject.model.weights
        return LIBRARIES + target + self.place.processes * (OWN + self._own() - target)

    @property
    def on_machine(self) -> bool:
        """Whether models lie in the memory of a machine, and not on GPUs."""
        return not self.place.devices

    def least(self, cells: int) -> float:
        """Return what `together` cannot be below, however lucky: one process at its dearest, the others beginning.

        Args:
            cells: to be run; more processes than these are not needed at once.
        """
        model, split = self.subject.model, self.place.split
        dearest = max(need.least for need in self.needs)
        if not self.on_machine:
            # The target lies there, too.
            return dearest / split + model.certain * model.element / split
        if split > 1:
            return split * LEAST + dearest  # all parts of it are on this machine
        others = min(self.place.processes, max(1, cells)) - 1
        return LEAST + dearest + others * (LEAST + min(need.least for need in self.needs))

    def _own(self) -> float:
        """Return what one process takes beside its libraries: models, activations and the target as it was loaded."""
        target, split = self.subject.model.weights, self.place.split
        dearest = self.dearest
        held = sum(part.likely for part in dearest.parts if part.name not in _WHOLE)
        whole = dearest.likely - held
        # A model is whole for a moment, before it is split.
        return target + (max(held / split + whole, target) if split > 1 else dearest.likely)


_WHOLE: Final = frozenset({"activations", "a batch that is measured"})
"""Parts that are not divided over the processes of a model."""


def forecast_memory(
    plan: Plan,
    engine: Engine,
    recipe: TargetRecipe,
    corpus: Corpus,
    target: Mapping[str, Any],
    cache: Path,
    methods: Collection[str] | None = None,
) -> MemoryForecast | None:
    """Return what a study needs, or None where nothing tells how large its target is.

    Nothing is loaded: sizes come from the heads of files and from configs.

    Args:
        plan: of the study.
        engine: where cells run.
        recipe: of the target.
        corpus: what it knows.
        target: its identity.
        cache: root of the cache.
        methods: labels of those that still have cells to run; None = all.
    """
    subject = subject_of(recipe, corpus, target, cache)
    if subject is None:
        return None
    training = None
    if not subject.made:
        training = training_need(recipe, subject, checkpointing=plan.study.model.gradient_checkpointing)
    needs = (*(() if training is None else (training,)), *needs_of(plan, subject, recipe, methods))
    return MemoryForecast(subject, needs, place_of(engine)) if needs else None
