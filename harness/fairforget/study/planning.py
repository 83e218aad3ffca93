"""From a study to a plan: nothing runs until every part of it is valid.

Classes of plugins are imported here; methods import torch only where they use it, so that this is cheap.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import Curriculum, MetricUse, PluginSpec, Sampler, Task
from fairforget.study.building import Builder
from fairforget.study.columns import column_faults
from fairforget.study.looks import check_looks
from fairforget.study.options import Built
from fairforget.study.places import KeyPath, Places
from fairforget.study.plan import Plan
from fairforget.study.planned_methods import Methods
from fairforget.study.rows import PlannedCurriculum, PlannedSampler, labels, with_contents
from fairforget.study.schema import Study
from fairforget.study.searches import OF_CURRICULUM, Dimension, dimensions_of
from fairforget.study.spec import engine_spec

if TYPE_CHECKING:
    from fairforget.registry import Registry

MOST_CELLS: Final = 1_000_000
_NOWHERE: Final = Places()


def make_plan(study: Study, registry: Registry, places: Places = _NOWHERE) -> Plan:
    """Resolve every plugin of a study.

    Args:
        study: the study.
        registry: what is installed.
        places: where the study says what, for messages.

    Raises:
        FairforgetError: one line for each thing that is wrong, in the order of the file.
    """
    builder = Builder(registry)
    plan = _Planning(study, builder).plan()
    if builder.faults or plan is None:
        raise places.error(builder.faults)
    return plan


@dataclass(frozen=True, slots=True)
class _Planning:
    study: Study
    builder: Builder

    def plan(self) -> Plan | None:
        study, builder = self.study, self.builder
        task = builder.build("task", study.task, ("task",))
        metrics = self.metrics(task)
        check_looks(study, builder, metrics)
        tokens = self.max_new_tokens(task)
        samplers = [self.sampler(spec, ("samplers", i)) for i, spec in enumerate(study.samplers)]
        builder.distinct("sampler", "samplers", [None if s is None else s.built.to_json() for s in samplers])
        curricula = self.curricula()
        methods = Methods(study, builder, curricula).planned()
        builder.build("engine", engine_spec(study.engine), ("engine",))
        if builder.faults or task is None:
            return None
        whole = tuple(s for s in samplers if s is not None)
        plan = Plan(study, task, tuple(metrics), tokens, whole, tuple(methods))
        if (cells := len(plan) + plan.trial_cells()) > MOST_CELLS:
            builder.fault((), f"the study has {cells:,} cells; at most {MOST_CELLS:,} are run")
        with builder.noting(("budget", study.budget.kind)):
            plan.describe()
        return plan

    def metrics(self, task: Built | None) -> list[dict[str, Any]]:
        if task is None or not isinstance(task.plugin, Task):
            return []
        plugin, path = task.plugin, ("task",)
        if not isinstance(getattr(plugin, "version", None), int):
            self.builder.fault(path, f"task {task.entry.canonical} has no version; its class has to set an integer")
        uses = self.builder.ask(path, task, "metrics()", plugin.metrics)
        found: list[dict[str, Any]] = []
        for use in uses or ():
            if not isinstance(use, MetricUse):
                self.builder.fault(
                    path, f"task {task.entry.canonical}: metrics() returned {use!r} where a MetricUse is wanted"
                )
                continue
            for message in column_faults(use, found):
                self.builder.fault(path, f"task {task.entry.canonical} {message}")
            nested = self.builder.nested("metric", use.metric, path, task)
            for built in nested.values():
                described = self.builder.ask(path, built, "depends_on()", partial(with_contents, built))
                found.append({**asdict(use), "metric": described or built.to_json()})
        return found

    def max_new_tokens(self, task: Built | None) -> int:
        asked = self.study.evaluation.max_new_tokens
        if asked is not None or task is None or not isinstance(task.plugin, Task):
            return asked or 0
        return self.builder.ask(("task",), task, "max_new_tokens()", task.plugin.max_new_tokens) or 0

    def sampler(self, spec: PluginSpec, path: KeyPath) -> PlannedSampler | None:
        built = self.builder.build("sampler", spec, path)
        if built is None or not isinstance(built.plugin, Sampler):
            return None
        plugin = built.plugin
        strata: tuple[object, ...] | None = self.builder.ask(path, built, "strata", lambda: tuple(plugin.strata))
        needs = self.builder.ask(path, built, "needs()", lambda: tuple(plugin.needs()))
        if strata is None or needs is None:
            return None
        names = tuple(name for name in strata if isinstance(name, str) and name)
        if not names or len(set(names)) < len(strata):
            self.builder.fault(
                path, f"sampler {built.entry.canonical} has the strata {strata!r}; they must be different texts"
            )
        return PlannedSampler(built, names, self.builder.nested("difficulty", needs, path, built))

    def curricula(self) -> list[PlannedCurriculum]:
        found: list[tuple[Built, Built | None, tuple[Dimension, ...]] | None] = []
        for i, spec in enumerate(self.study.curricula):
            built = self.builder.build("curriculum", spec, ("curricula", i))
            if built is None or not isinstance(built.plugin, Curriculum):
                found.append(None)
                continue
            asked = self.builder.ask(("curricula", i), built, "difficulty()", built.plugin.difficulty)
            nested = {} if asked is None else self.builder.nested("difficulty", asked, ("curricula", i), built)
            found.append((built, next(iter(nested.values()), None), self.searched(built, i)))
        self.builder.distinct("curriculum", "curricula", [None if one is None else one[0].to_json() for one in found])
        whole = [one for one in found if one is not None]
        names = labels([built for built, *_ in whole], [None] * len(whole), [{}] * len(whole))
        return [
            PlannedCurriculum(built, name, score, searched)
            for (built, score, searched), name in zip(whole, names, strict=True)
        ]

    def searched(self, built: Built, position: int) -> tuple[Dimension, ...]:
        with self.builder.noting(("curricula", position)):
            return dimensions_of(built, self.study.curricula[position].options, OF_CURRICULUM)
        return ()
