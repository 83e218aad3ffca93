"""The difficulty of every sample of a task's pool, outside any study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run import jobs
from fairforget.run.runtime import Runtime, cache_folder, cores
from fairforget.study.cell import canonical_json
from fairforget.study.faults import faults_of
from fairforget.study.load import anchored
from fairforget.study.options import build
from fairforget.study.override import parse_setting
from fairforget.study.places import Places
from fairforget.study.schema import Model


def score_task(
    registry: Registry, task: str, by: str, settings: Sequence[str] = (), *, model: str | None = None
) -> dict[str, Any]:
    """Score the pool of a task; the target is made, and scores are kept, in the cache.

    Args:
        registry: what is installed.
        task: name of the task.
        by: name of the difficulty.
        settings: ``task.option=value``, ``by.option=value`` and ``model.key=value``, values as YAML.
        model: hub id or folder of the base model; the task's own where it is None.

    Returns:
        ``ids``, ``values``, ``stderr``, ``reliability``, ``higher_is``, ``unit``, ``details``, ``ledger``, and the
        ``difficulty`` and ``task`` with every option.

    Raises:
        FairforgetError: a name, an option or a file is wrong.
    """
    options: dict[str, dict[str, Any]] = {"task": {}, "by": {}, "model": {} if model is None else {"path": model}}
    for text in settings:
        setting = parse_setting(text)
        if len(setting.path) != 2 or setting.path[0] not in options:
            msg = f"{setting.source}: write task.OPTION=value, by.OPTION=value or model.KEY=value"
            raise FairforgetError(msg)
        options[str(setting.path[0])][str(setting.path[1])] = anchored(setting.value, Path.cwd())
    built = build(registry, "task", PluginSpec(task, options["task"]))
    difficulty = build(registry, "difficulty", PluginSpec(by, options["by"]))
    runtime = Runtime(str(cache_folder()), tuple(map(str, registry.plugin_files)), cores())
    found: Mapping[str, Any] = json.loads(
        jobs.score(
            canonical_json(built.to_json()),
            canonical_json(_model(options["model"])),
            runtime.to_json(),
            canonical_json(difficulty.to_json()),
        )
    )
    return {"task": built.to_json(), "difficulty": difficulty.to_json(), **found}


def _model(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``model`` of a study with these keys, defaults written out."""
    try:
        return Model.model_validate_json(json.dumps(keys)).model_dump(mode="json")
    except ValidationError as error:
        raise Places().error(faults_of(error, Model, ("model",))) from error
