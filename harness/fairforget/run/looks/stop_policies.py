"""Whether the levels of a study's policies can be found at all, asked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fairforget.api import Corpus, TargetRecipe
from fairforget.errors import FairforgetError
from fairforget.study.plan import Plan

_UNSEEN: Final = "takes its level from held-out samples, and task {task} has none here"
_RETRAIN: Final = (
    "takes its level from a model trained without the draw, and the target of this study has no recipe to train by"
)


class NoLevel(FairforgetError):
    """A policy of the study asks for a level that nothing can tell; only another study can run."""


def check_policies(plan: Plan, corpus: Corpus, recipe: TargetRecipe) -> None:
    """Refuse a policy whose level cannot be found.

    Args:
        plan: reference rows alone are not looked at, and need no level.
        corpus: of the task.
        recipe: of the target.

    Raises:
        NoLevel: with the key, the reason and the mend.
    """
    if all(method.reference is not None for method in plan.methods):
        return
    for key, policy in _policies(plan):
        reason = None
        if policy == "unseen" and not corpus.holdout:
            reason = _UNSEEN.format(task=plan.task.entry.name)
        elif policy == "retrain" and recipe.training is None:
            reason = _RETRAIN
        if reason is not None:
            others = " or ".join(f"{name!r}" for name in _possible(corpus, recipe))
            msg = f"{key}: the policy {policy!r} {reason}; use {others}"
            raise NoLevel(msg)


def _policies(plan: Plan) -> Iterator[tuple[str, str]]:
    study = plan.study
    if study.budget.stop is not None:
        yield "budget.stop.policy", study.budget.stop.policy
    if study.trajectory is not None and study.trajectory.forgetting is not None:
        yield "trajectory.forgetting.policy", study.trajectory.forgetting.policy


def _possible(corpus: Corpus, recipe: TargetRecipe) -> Iterator[str]:
    if corpus.holdout:
        yield "unseen"
    yield "paper_literal"
    if recipe.training is not None:
        yield "retrain"
