"""The difficulty of every sample of a task's pool, outside any study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairforget.api import Corpus, PluginSpec, Task
from fairforget.engines.threads import alone
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import cache_folder
from fairforget.registry import Registry
from fairforget.run import jobs
from fairforget.run.runtime import Runtime
from fairforget.study.cell import canonical_json
from fairforget.study.faults import faults_of
from fairforget.study.load import anchored
from fairforget.study.options import Built, build
from fairforget.study.override import parse_setting
from fairforget.study.places import Places
from fairforget.study.schema import Model


@dataclass(frozen=True)
class Scoring:
    """A task whose pool is scored on one target; scores are kept in the cache."""

    registry: Registry
    task: Built
    corpus: Corpus
    model: Mapping[str, Any]
    """The ``model`` of a study, defaults written out."""
    seed: int
    """Of the draws of the difficulties."""

    def score(self, difficulty: Built) -> dict[str, Any]:
        """Return the scores as `score_task` does, made where the cache has none."""
        found = json.loads(jobs.score(*self._shared(), canonical_json(difficulty.to_json()), str(self.seed)))
        return {"task": self.task.to_json(), "difficulty": difficulty.to_json(), "seed": self.seed, **found}

    def facts(self) -> dict[str, Any]:
        """Return what is known of the pool: ids, lengths in scored tokens, initial probabilities."""
        found: dict[str, Any] = json.loads(jobs.prepare(*self._shared()))
        return found

    def build(self, name: str, options: Mapping[str, Any]) -> Built:
        """Return a difficulty with options.

        Raises:
            FairforgetError: the name or an option is wrong.
        """
        return build(self.registry, "difficulty", PluginSpec(name, options))

    def _shared(self) -> tuple[str, str, str]:
        # The digest of the data is there so that a process that has the target open notices other data.
        task = {**self.task.to_json(), "data": self.corpus.digest()}
        runtime = Runtime(str(cache_folder()), tuple(map(str, self.registry.plugin_files)), alone())
        return canonical_json(task), canonical_json(self.model), runtime.to_json()


def score_task(
    registry: Registry,
    task: str,
    by: str,
    settings: Sequence[str] = (),
    *,
    model: str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Score the pool of a task; the target is made, and scores are kept, in the cache.

    Args:
        registry: what is installed.
        task: name of the task.
        by: name of the difficulty.
        settings: as for `open_scoring`.
        model: hub id or folder of the base model; the task's own where it is None.
        seed: of the draws.

    Returns:
        ``ids``, ``values``, ``stderr``, ``reliability``, ``higher_is``, ``unit``, ``tokens``, ``details``, ``ledger``,
        the ``difficulty`` and the ``task`` with every option, the ``seed``, the ``identity`` under which the scores are
        kept, and ``notes``: what to know of the target.

    Raises:
        FairforgetError: a name, an option or a file is wrong.
    """
    scoring, (difficulty,) = open_scoring(registry, task, [by], settings, model=model, seed=seed)
    return scoring.score(difficulty)


def open_scoring(
    registry: Registry,
    task: str,
    by: Sequence[str],
    settings: Sequence[str] = (),
    *,
    model: str | None = None,
    seed: int = 0,
) -> tuple[Scoring, tuple[Built, ...]]:
    """Resolve a task and difficulties; nothing is computed yet.

    Args:
        registry: what is installed.
        task: name of the task.
        by: names of the difficulties, each once.
        settings: ``task.option=value``, ``model.key=value``, and ``name.option=value`` for a difficulty by its name, or
            ``by.option=value`` where there is one; values as YAML.
        model: hub id or folder of the base model; the task's own where it is None.
        seed: of the draws.

    Raises:
        FairforgetError: a name, an option or a file is wrong.
    """
    if repeated := [name for name in by if by.count(name) > 1]:
        msg = f"--by {repeated[0]} stands there twice; name every difficulty once"
        raise FairforgetError(msg)
    if seed < 0:
        msg = f"--seed {seed} is negative; a seed is 0 or more"
        raise FairforgetError(msg)
    options: dict[str, dict[str, Any]] = {root: {} for root in ("task", "model", *by)}
    if model is not None:
        options["model"]["path"] = model
    for text in settings:
        setting = parse_setting(text)
        root = str(setting.path[0])
        if root == "by" and len(by) == 1:
            root = by[0]
        if len(setting.path) != 2 or root not in options:
            raise FairforgetError(_unknown(setting.source, root, by))
        options[root][str(setting.path[1])] = anchored(setting.value, Path.cwd())
    built = build(registry, "task", PluginSpec(task, options["task"]))
    difficulties = tuple(build(registry, "difficulty", PluginSpec(name, options[name])) for name in by)
    corpus = built.of(Task).corpus()  # type: ignore[type-abstract]
    return Scoring(registry, built, corpus, _model(options["model"]), seed), difficulties


def _unknown(source: str, root: str, by: Sequence[str]) -> str:
    own = "by.OPTION=value" if len(by) == 1 else "NAME.OPTION=value with the name of one of the difficulties"
    if root in {"task", "model", "by", *by}:
        return f"{source}: write task.OPTION=value, {own} or model.KEY=value"
    return f"{source}: write task.OPTION=value, {own} or model.KEY=value. {did_you_mean(root, ('task', 'model', *by))}"


def _model(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``model`` of a study with these keys, defaults written out."""
    try:
        return Model.model_validate_json(json.dumps(keys)).model_dump(mode="json")
    except ValidationError as error:
        raise Places().error(faults_of(error, Model, ("model",))) from error
