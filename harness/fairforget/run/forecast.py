"""How long a plan will take, as far as that can be known before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairforget.api import Engine
from fairforget.run.able import check_able
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target_folder import read_meta
from fairforget.study.options import Built
from fairforget.study.plan import Plan


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds, judged by what the training of the target took; evaluation is in neither."""

    unlearning: float
    """All updates of all methods, over the workers."""
    oracles: float
    """All trainings without a draw, over the workers."""


def forecast(plan: Plan, engine: Built, cache: Path) -> Forecast | None:
    """Return what the cells of a plan will take, or None where the target is not in the cache to judge by.

    A pass in unlearning is taken to cost what a pass in training did, a backward pass counting as two.

    Raises:
        NoLevel: the study can never run.
        FairforgetError: the study cannot run, as far as that can be known; the message says why.
    """
    able = check_able(plan)
    recipe = able.recipe
    target = target_identity(recipe, able.corpus, able.seed)
    meta = read_meta(cache / "targets" / target["id"])
    trained = None if meta is None else meta.get("training")
    if recipe.training is None or not isinstance(trained, dict) or not trained.get("texts"):
        return None
    epochs = int(trained.get("epochs", recipe.training.epochs))  # fewer where it stopped at a recall
    seconds, passes = float(trained["seconds"]), 3 * epochs * int(trained["texts"])
    slots = engine.of(Engine).slots()  # type: ignore[type-abstract]
    strata = sum(len(sampler.strata) for sampler in plan.samplers)
    oracles = sum(strata * method.draws for method in plan.methods if method.reference == "oracle")
    spent = plan.describe()[-1].forward_equivalents or 0
    return Forecast(spent * seconds / passes / slots, oracles * seconds / slots)
