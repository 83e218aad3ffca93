"""The target recipe of a study: the task's, with the study's model in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from fairforget.api import Pretrained, TargetRecipe, Task


def recipe_for(task: Task, model: Mapping[str, Any] | None) -> tuple[TargetRecipe, int]:
    """Return the recipe and the seed it runs under.

    Args:
        task: gives the recipe; its base is replaced where the study names a model of its own.
        model: the study's ``model`` as JSON, or None.
    """
    recipe = task.target()
    if model is None:
        return recipe, 0
    if model.get("path") is not None:
        known = {f.name for f in fields(Pretrained)}
        recipe = replace(recipe, base=Pretrained(**{k: v for k, v in model.items() if k in known}))
    return recipe, int(model.get("seed", 0))
