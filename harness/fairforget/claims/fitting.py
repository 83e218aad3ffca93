"""Which records are of a study, seen from what they say: the store may hold others, and other versions wrote some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.study.cell import canonical_json

if TYPE_CHECKING:
    from fairforget.store.record import Record
    from fairforget.study.plan import Plan
    from fairforget.study.rows import PlannedSampler

Place = tuple[int, str, int, str, str, int]
"""Sampler (its position), stratum, draw, labels of method and curriculum, seed: where a record stands in a plan."""

_EVALUATION: Final = ("retain", "holdout", "others", "max_new_tokens", "trajectory")


class Unlike(ValueError):
    """A record is not of the study; the message says in what."""


class Fitting:
    """Says where records stand in a plan.

    Settings are compared where both have them: a release may add an option with a default, and its records stay of one
    study with those from before. Versions of distributions are not compared; the version of the task is.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rows = {
            (method.label, "" if curriculum is None else curriculum.label): (method, curriculum)
            for method in plan.methods
            for curriculum in method.curricula
        }

    def place(self, record: Record) -> Place:
        """Return where a record stands.

        Raises:
            Unlike: it is of another study.
        """
        cell = record.cell
        self._check_common(cell)
        draw, method = cell["draw"], cell["method"]
        label = str(method.get("label") or method["name"].rpartition("/")[2])
        order = "" if cell["curriculum"] is None else _label(cell["curriculum"])
        found = self._rows.get((label, order))
        if found is None:
            msg = "a row that the study does not have"
            raise Unlike(msg)
        row, curriculum = found
        if not (row.tuned or row.elsewhere):
            _agree(method, row.to_json(), "the method")
            _agree(cell["optimizer"], row.optimizer, "the optimizer")
        if curriculum is not None and not row.tuned:
            _agree(cell["curriculum"], curriculum.to_json(), "the curriculum")
        if draw["index"] >= row.draws or cell["seed"] >= row.seeds:
            msg = "a draw or a seed that the study does not have"
            raise Unlike(msg)
        return self._sampler(draw), draw["stratum"], draw["index"], label, order, cell["seed"]

    def _check_common(self, cell: Mapping[str, Any]) -> None:
        plan = self._plan
        task = plan.task_json("")
        _agree(cell["task"], {"name": task["name"], "version": task["version"]}, "the task")
        paths = set(task["paths"])
        options = {name: value for name, value in task["options"].items() if name not in paths}
        _agree(cell["task"].get("options"), options, "an option of the task")
        _agree(cell["target"], {"seed": plan.study.model.seed}, "the seed of the target")
        _agree(cell["budget"], plan.budget_json(), "the budget")
        planned = plan.evaluation_json()
        if ("trajectory" in planned) != ("trajectory" in cell["evaluation"]):
            msg = "the trajectory"
            raise Unlike(msg)
        _agree(cell["evaluation"], {n: planned[n] for n in _EVALUATION if n in planned}, "what is measured")
        wanted = {"size": plan.study.forget_size}
        unit = {} if plan.study.unit is None else {"unit": plan.study.unit}
        _agree(cell["draw"], {**wanted, **unit}, "the size of its forget set")

    def _sampler(self, draw: Mapping[str, Any]) -> int:
        for position, sampler in enumerate(self._plan.samplers):
            if draw["stratum"] in sampler.strata and _is(draw["sampler"], sampler):
                return position
        msg = "a stratum or a sampler that the study does not have"
        raise Unlike(msg)


def _is(found: Mapping[str, Any], sampler: PlannedSampler) -> bool:
    try:
        _agree(found, sampler.built.to_json(), "the sampler")
    except Unlike:
        return False
    return True


def _agree(found: Any, planned: Any, what: str) -> None:
    if isinstance(found, Mapping) and isinstance(planned, Mapping):
        for key in found.keys() & planned.keys() - {"dist_version", "label", "paths"}:
            _agree(found[key], planned[key], what)
    elif canonical_json(found) != canonical_json(planned):
        raise Unlike(what)


def _label(curriculum: Mapping[str, Any]) -> str:
    return str(curriculum.get("label") or curriculum["name"].rpartition("/")[2])
