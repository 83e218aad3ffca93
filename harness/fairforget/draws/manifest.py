"""The manifest: what was drawn, from what, by what, and where the model lies that has to forget it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api import Pretrained, TargetRecipe
from fairforget.draws.values import MODELS, SCHEMA, DrawFile
from fairforget.run.targets.target_folder import TARGETS
from fairforget.version import version

if TYPE_CHECKING:
    from fairforget.run.targets.target import Target
    from fairforget.study.plan import Plan


def manifest_of(
    plan: Plan, data: str, target: Mapping[str, Any], files: Sequence[DrawFile], folder: Path
) -> dict[str, Any]:
    """Return the manifest of a study's draws.

    Args:
        plan: of the study.
        data: digest of the corpus.
        target: what `target_json` says.
        files: what was written.
        folder: where.
    """
    task = plan.task_json(data)
    return {
        "schema": SCHEMA,
        "fairforget": version(),
        "study": plan.study.name,
        "task": {name: task[name] for name in ("name", "dist_version", "version", "options", "data")},
        "target": dict(target),
        "forget_size": plan.study.forget_size,
        "seeds": plan.study.seeds,
        "budget": plan.budget_json(),
        "optimizer": plan.study.optimizer.to_json(),
        "draws": [
            {
                "file": file.path.relative_to(folder).as_posix(),
                "sha256": file.sha256,
                "sampler": dict(file.sampler),
                "stratum": file.stratum,
                "index": file.index,
                "digest": file.digest,
                "forget": file.forget,
                "retain": file.retain,
                "models": f"{MODELS}/{file.digest}",
                "declare": {"digest": file.digest, "target": target["id"]},
            }
            for file in files
        ],
    }


def target_json(identity: Mapping[str, Any], recipe: TargetRecipe, target: Target, cache: Path) -> dict[str, Any]:
    """Return what the target is, where its weights lie, and how it was made."""
    return {
        "id": identity["id"],
        "weights": target.digest,
        **_place(identity, recipe, target, cache),
        "base": identity["base"],
        "training": identity["training"],
        "seed": identity["seed"],
        "template": asdict(recipe.template),
        "max_length": recipe.max_length,
        "recall": target.meta.get("recall"),
    }


def _place(identity: Mapping[str, Any], recipe: TargetRecipe, target: Target, cache: Path) -> dict[str, Any]:
    """Return ``path`` for ``from_pretrained``, with what else it takes to load just these weights."""
    base = recipe.base
    if target.meta["weights"] == "here" or not isinstance(base, Pretrained):
        where: dict[str, Any] = {"path": str(cache / TARGETS / identity["id"]), "revision": None, "gguf_file": None}
    else:
        commit = identity["base"]["pretrained"].get("commit")
        where = {"path": base.path, "revision": commit, "gguf_file": base.gguf_file}
    return {**where, "dtype": str(target.model.dtype).removeprefix("torch.")}
