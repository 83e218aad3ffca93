"""Whether a plan can run at all, as far as that can be told before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from fairforget.api import Corpus, TargetRecipe, Task
from fairforget.run.looks.stop_policies import check_policies
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.tuning.draws import check_room
from fairforget.study.draws import check_pool, unit_of
from fairforget.study.elsewhere import check_elsewhere
from fairforget.study.plan import Plan


@dataclass(frozen=True, slots=True)
class Able:
    """What was read to tell."""

    corpus: Corpus
    recipe: TargetRecipe
    seed: int
    """Of the target."""


def check_able(plan: Plan) -> Able:
    """Return what a plan runs on: its data are here, its draws have room in them, its policies have their levels.

    Raises:
        NoLevel: the study can never run.
        FairforgetError: the study cannot run, as far as that can be known; the message says why.
    """
    task = plan.task.of(Task)  # type: ignore[type-abstract]
    recipe, seed = recipe_for(task, plan.study.model_json())
    corpus = task.corpus()
    check_policies(plan, corpus, recipe)
    check_elsewhere(plan)
    unit, apart = unit_of(plan.study.unit, corpus.pool), plan.study.draws if plan.study.disjoint else 1
    check_pool(corpus.pool, unit, plan.study.forget_size, apart)
    check_room(plan, corpus.pool)
    return Able(corpus, recipe, seed)
