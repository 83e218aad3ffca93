"""Which records are of a study, seen from what they say: the store may hold others, and other versions wrote some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairforget.study.cell import canonical_json

if TYPE_CHECKING:
    from fairforget.store.record import Record
    from fairforget.study.plan import Plan
    from fairforget.study.rows import PlannedMethod

Place = tuple[int, str, int, str, str, int]
"""Sampler (its position), stratum, draw, labels of method and curriculum, seed: where a record stands in a plan."""

_EVALUATION: Final = ("retain", "holdout", "others", "max_new_tokens", "trajectory")
_WORDS: Final = {
    "task": "the task",
    "target": "the seed of the target",
    "budget": "the budget",
    "draw": "the size of its forget set",
    "evaluation": "what is measured",
}


class Unlike(ValueError):
    """A record is not of the study; the message says in what."""


class _Row(NamedTuple):
    method: PlannedMethod
    said: Mapping[str, Any]
    curriculum: Mapping[str, Any] | None


class Fitting:
    """Says where records stand in a plan.

    Settings are compared where both have them: a release may add an option with a default, and its records stay of one
    study with those from before. Versions of distributions are not compared; the version of the task is.
    """

    def __init__(self, plan: Plan) -> None:
        study, evaluation, task = plan.study, plan.evaluation_json(), plan.task_json("")
        options = {name: value for name, value in task["options"].items() if name not in task["paths"]}
        self._task = {"name": task["name"], "version": task["version"], "options": options}
        self._target, self._budget = {"seed": study.model.seed}, plan.budget_json()
        self._evaluation = {name: evaluation[name] for name in _EVALUATION if name in evaluation}
        self._draw = {"size": study.forget_size, **({} if study.unit is None else {"unit": study.unit})}
        self._samplers = [(sampler.strata, sampler.built.to_json()) for sampler in plan.samplers]
        self._rows = {
            (method.label, "" if curriculum is None else curriculum.label): _Row(
                method, method.to_json(), None if curriculum is None else curriculum.to_json()
            )
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
        draw, label = cell["draw"], _label(cell["method"])
        order = "" if cell["curriculum"] is None else _label(cell["curriculum"])
        found = self._rows.get((label, order))
        if found is None:
            msg = "a row that the study does not have"
            raise Unlike(msg)
        method, tuned = found.method, found.method.tuned
        if not (tuned or method.elsewhere):
            _agree(cell["method"], found.said, "the method")
            _agree(cell["optimizer"], method.optimizer, "the optimizer")
        if found.curriculum is not None and not tuned:
            _agree(cell["curriculum"], found.curriculum, "the curriculum")
        if draw["index"] >= method.draws or cell["seed"] >= method.seeds:
            msg = "a draw or a seed that the study does not have"
            raise Unlike(msg)
        return self._sampler(draw), draw["stratum"], draw["index"], label, order, cell["seed"]

    def _check_common(self, cell: Mapping[str, Any]) -> None:
        for name in ("task", "target", "budget", "draw", "evaluation"):
            _agree(cell[name], getattr(self, f"_{name}"), _WORDS[name])
        if ("trajectory" in self._evaluation) != ("trajectory" in cell["evaluation"]):
            msg = "the trajectory"
            raise Unlike(msg)

    def _sampler(self, draw: Mapping[str, Any]) -> int:
        for position, (strata, sampler) in enumerate(self._samplers):
            if draw["stratum"] in strata and _is(draw["sampler"], sampler):
                return position
        msg = "a stratum or a sampler that the study does not have"
        raise Unlike(msg)


def _is(found: Mapping[str, Any], sampler: Mapping[str, Any]) -> bool:
    try:
        _agree(found, sampler, "the sampler")
    except Unlike:
        return False
    return True


def _agree(found: Any, planned: Any, what: str) -> None:
    if isinstance(found, Mapping) and isinstance(planned, Mapping):
        for key in found.keys() & planned.keys() - {"dist_version", "label", "paths"}:
            _agree(found[key], planned[key], what)
    elif canonical_json(found) != canonical_json(planned):
        raise Unlike(what)


def _label(plugin: Mapping[str, Any]) -> str:
    return str(plugin.get("label") or plugin["name"].rpartition("/")[2])
