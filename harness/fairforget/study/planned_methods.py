"""The methods of a plan: built, named, and crossed with draws, seeds and curricula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fairforget.api import MadeElsewhere, Method
from fairforget.study.building import Builder
from fairforget.study.faults import faults_of
from fairforget.study.optimizers import Optimizer
from fairforget.study.options import Built
from fairforget.study.places import KeyPath
from fairforget.study.rows import PlannedCurriculum, PlannedMethod, labels
from fairforget.study.schema import MethodUse, Study, optimizer_of
from fairforget.study.searches import Dimension, dimensions_of, has_range_around, with_tuned
from fairforget.study.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Methods:
    """Plans the methods of a study."""

    study: Study
    builder: Builder
    curricula: Sequence[PlannedCurriculum]

    def planned(self) -> list[PlannedMethod]:
        """Return the methods that could be built."""
        built = [self.builder.build("method", use.spec, ("methods", i)) for i, use in enumerate(self.study.methods)]
        optimizers = [self._optimizer(use, i) for i, use in enumerate(self.study.methods)]
        described = [
            None if one is None or optimizer is None else {**one.to_json(), "optimizer": optimizer}
            for one, optimizer in zip(built, optimizers, strict=True)
        ]
        self.builder.distinct("method", "methods", described)
        usual = self.study.optimizer.to_json()
        whole = [
            (i, use, one, optimizer)
            for i, (use, one, optimizer) in enumerate(zip(self.study.methods, built, optimizers, strict=True))
            if one is not None and optimizer is not None
        ]
        beside = [{k: v for k, v in changed.items() if usual.get(k) != v} for _, _, _, changed in whole]
        names = labels([one for _, _, one, _ in whole], [use.label for _, use, _, _ in whole], beside)
        for n, (i, _, _, _) in enumerate(whole):
            if names[n] in names[:n] and not self.builder.faults:
                self.builder.fault(
                    ("methods", i), f"two rows would be called {names[n]!r}; give one of them another label"
                )
        planned = [
            self._method(i, one, name, optimizer) for (i, _, one, optimizer), name in zip(whole, names, strict=True)
        ]
        if self.study.tuning is None:
            return planned
        self._check_learning_rates(
            {i: one for (i, _, _, _), one in zip(whole, planned, strict=True)}, self.study.tuning
        )
        return planned if self.builder.faults else with_tuned(planned, self.study.tuning)

    def _method(self, position: int, built: Built, label: str, optimizer: Mapping[str, Any]) -> PlannedMethod:
        study, use, plugin = self.study, self.study.methods[position], built.plugin
        if not isinstance(plugin, Method):
            raise TypeError(built.entry.target)
        draws = study.draws if use.draws is None else min(use.draws, study.draws)
        alone, elsewhere = plugin.reference is not None, isinstance(plugin, MadeElsewhere)
        if elsewhere:
            self._check_seeds(position, built)
        return PlannedMethod(
            built=built,
            label=label,
            reference=plugin.reference,
            sequences=plugin.sequences(),
            draws=draws,
            seeds=1 if alone else study.seeds,
            curricula=(None,) if alone or elsewhere else tuple(self.curricula),
            optimizer=optimizer,
            searched=() if alone or elsewhere else self._searched(position, built),
        )

    def _check_learning_rates(self, methods: Mapping[int, PlannedMethod], tuning: Tuning) -> None:
        places: dict[KeyPath, float] = {}
        for position, method in methods.items():
            own = method.optimizer["lr"]
            if method.curricula != (None,) and not has_range_around(tuning, own):
                shared = own == self.study.optimizer.lr
                places[("optimizer", "lr") if shared else ("methods", position, "optimizer", "lr")] = own
        for path, own in places.items():
            what = f"tuning searches from a tenth of {own:g} to ten times it, and one of these is no number"
            self.builder.fault(path, f"{what}; give the range as tuning.lr: [LOW, HIGH]")

    def _check_seeds(self, position: int, built: Built) -> None:
        plugin = built.of(MadeElsewhere)  # type: ignore[type-abstract]
        if self.study.seeds > 1 and not plugin.by_seed:
            self.builder.fault(
                ("methods", position),
                f"method {built.entry.name!r} has one model a draw, which would stand for all {self.study.seeds} seeds "
                "of the study as if it were several; make one for each and write {seed} in its path, or write seeds: 1",
            )

    def _searched(self, position: int, built: Built) -> tuple[Dimension, ...]:
        with self.builder.noting(("methods", position)):
            return dimensions_of(built, self.study.methods[position].spec.options)
        return ()

    def _optimizer(self, use: MethodUse, position: int) -> dict[str, Any] | None:
        try:
            return optimizer_of(self.study, use).to_json()
        except ValidationError as error:
            self.builder.faults += faults_of(error, Optimizer, ("methods", position, "optimizer"))
            return None
