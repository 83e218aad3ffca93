"""A study with every plugin resolved, and the cells it spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairforget.api import Task
from fairforget.errors import FairforgetError
from fairforget.study.cell import SCHEMA, canonical_json
from fairforget.study.cost import Cost, cost_of, times
from fairforget.study.draws import Draw
from fairforget.study.elsewhere import Returns
from fairforget.study.options import Built
from fairforget.study.rows import PlannedCurriculum, PlannedMethod, PlannedSampler
from fairforget.study.schema import Study
from fairforget.study.searches import PlannedSearch, dimensions


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell before its draw is known."""

    sampler: PlannedSampler
    stratum: str
    index: int
    method: PlannedMethod
    curriculum: PlannedCurriculum | None
    seed: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line of the table that ``--dry-run`` prints."""

    method: str
    """Label of the method; ``total`` in the last row."""
    curriculum: str
    """Label of the curriculum; empty for a reference row and the total."""
    cells: int
    updates: int | None
    """Of all these cells together; None where it is not known beforehand."""
    forward_equivalents: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study will do. Made by `fairforget.study.planning.make_plan`; every plugin in it exists and is valid."""

    study: Study
    task: Built
    metrics: tuple[Mapping[str, Any], ...]
    """As in a cell."""
    max_new_tokens: int
    samplers: tuple[PlannedSampler, ...]
    methods: tuple[PlannedMethod, ...]

    def __len__(self) -> int:
        """Return the number of cells."""
        return self._strata() * sum(m.draws * len(m.curricula) * m.seeds for m in self.methods)

    def difficulties(self) -> dict[str, Built]:
        """Return the scores the samplers need, by the canonical JSON of the difficulty, each once."""
        return {canonical_json(b.to_json()): b for sampler in self.samplers for b in sampler.needs.values()}

    def planned(self) -> Iterator[PlannedCell]:
        """Yield every cell; draw by draw, so that a run that is cut short has whole draws."""
        for index in range(max(method.draws for method in self.methods)):
            for sampler in self.samplers:
                for stratum in sampler.strata:
                    for method in self.methods:
                        if index < method.draws:
                            for curriculum in method.curricula:
                                for seed in range(method.seeds):
                                    yield PlannedCell(sampler, stratum, index, method, curriculum, seed)

    def cells(self, draws: Sequence[Draw], target: Mapping[str, Any], *, data: str) -> list[dict[str, Any]]:
        """Return every cell as JSON, in the order of `planned`. Cells share parts: read them, do not edit them.

        Args:
            draws: the draws of every sampler.
            target: identity of the target model.
            data: digest of the corpus.

        Raises:
            FairforgetError: a draw is missing, or a model that was to be made elsewhere is not what it should be.
        """
        known = {(canonical_json(d.sampler), d.stratum, d.index): d.to_json() for d in draws}
        samplers = {id(sampler): canonical_json(sampler.built.to_json()) for sampler in self.samplers}
        methods = {id(method): method.to_json() for method in self.methods}
        curricula = {id(c): c.to_json() for method in self.methods for c in method.curricula if c is not None}
        common, returns = self.common(target, data=data), Returns(target["id"])
        found = []
        for cell in self.planned():
            draw = known.get((samplers[id(cell.sampler)], cell.stratum, cell.index))
            if draw is None:
                name = cell.sampler.built.entry.canonical
                msg = f"there is no draw {cell.index} of stratum {cell.stratum!r} of sampler {name}; draw again"
                raise FairforgetError(msg)
            found.append(
                {
                    **common,
                    "draw": draw,
                    "method": {**methods[id(cell.method)], **returns.of(cell.method, draw, cell.seed)}
                    if cell.method.elsewhere
                    else methods[id(cell.method)],
                    "curriculum": None if cell.curriculum is None else curricula[id(cell.curriculum)],
                    "seed": cell.seed,
                    "optimizer": cell.method.optimizer,
                }
            )
        returns.check()
        return found

    def common(self, target: Mapping[str, Any], *, data: str) -> dict[str, Any]:
        """Return the parts that all cells share."""
        return {
            "schema": SCHEMA,
            "task": self.task_json(data),
            "target": target,
            "budget": self.budget_json(),
            "evaluation": self.evaluation_json(),
        }

    def searches(self) -> tuple[PlannedSearch, ...]:
        """Return the rows that are tuned, each with what is searched."""
        tuning = self.study.tuning
        tuned = [(m, c) for m in self.methods if m.tuned for c in m.curricula if c is not None]
        return () if tuning is None else tuple(PlannedSearch(m, c, dimensions(tuning, m, c)) for m, c in tuned)

    def trial_cells(self) -> int:
        """Return the number of cells that tuning runs before those of the study, at most."""
        tuning = self.study.tuning
        return 0 if tuning is None else len(self.searches()) * tuning.trials * tuning.draws

    def task_json(self, data: str) -> dict[str, Any]:
        """Return the task as in a cell; `data` is the digest of its corpus."""
        if not isinstance(self.task.plugin, Task):
            raise TypeError(self.task.entry.target)
        described = self.task.to_json()
        paths = sorted({*self.task.path_options(), *(described["options"].keys() & set(self.task.plugin.places))})
        return {**described, "version": self.task.plugin.version, "data": data, "paths": paths}

    def budget_json(self) -> dict[str, Any]:
        """Return the budget as in a cell."""
        return self.study.budget.to_json()

    def evaluation_json(self) -> dict[str, Any]:
        """Return what is measured, as in a cell."""
        asked = self.study.evaluation.model_dump(mode="json")
        if self.study.trajectory is not None:
            asked["trajectory"] = self.study.trajectory.model_dump(mode="json")
        return {**asked, "max_new_tokens": self.max_new_tokens, "metrics": [dict(use) for use in self.metrics]}

    def describe(self) -> list[PlanRow]:
        """Return cells and costs by method and curriculum, tuning first, and in total, for ``--dry-run``."""
        budget, searches = self.budget_json(), self.searches()
        rows = [self._trials(search, self.trial_cells() // len(searches)) for search in searches]
        for method in self.methods:
            cells = self._strata() * method.draws * method.seeds
            spent = times(cost_of(method, budget, self.study.forget_size), cells)
            for curriculum in method.curricula:
                label = "" if curriculum is None else curriculum.label
                name = f"{method.label} (tuned)" if method.tuned else method.label
                rows.append(PlanRow(name, label, cells, spent.updates, spent.forward_equivalents))
        return [*rows, self._total(rows)]

    def _trials(self, search: PlannedSearch, cells: int) -> PlanRow:
        spent = times(self.cost(search.method), cells)
        name = f"{search.method.label} (tuning)"
        return PlanRow(name, search.curriculum.label, cells, spent.updates, spent.forward_equivalents)

    def cost(self, method: PlannedMethod) -> Cost:
        """Return what one cell of a method spends, at most and as far as it is known."""
        return cost_of(method, self.budget_json(), self.study.forget_size)

    def _total(self, rows: Sequence[PlanRow]) -> PlanRow:
        """Return the sum of what is known; the oracle's training stands outside every budget."""
        methods = [search.method for search in self.searches()]
        methods += [method for method in self.methods for _ in method.curricula]
        spending = [row for row, method in zip(rows, methods, strict=True) if method.reference != "oracle"]
        updates = None if any(row.updates is None for row in spending) else sum(row.updates or 0 for row in spending)
        equivalents = sum(row.forward_equivalents or 0 for row in spending)
        return PlanRow("total", "", len(self) + self.trial_cells(), updates, equivalents)

    def _strata(self) -> int:
        return sum(len(sampler.strata) for sampler in self.samplers)
