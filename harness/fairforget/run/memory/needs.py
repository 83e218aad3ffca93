"""What the processes of a plan need, phase by phase."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from fairforget.api import Difficulty, LossMethod, Method, Pretrained, TargetRecipe
from fairforget.run.memory.need import Need, Part, Work, model_part, need_of
from fairforget.run.memory.subject import Subject
from fairforget.study.plan import Plan
from fairforget.study.rows import PlannedMethod

_LOGITS: Final = 1 << 26
"""Elements; as in `fairforget.lm.passes`."""
_BATCH: Final = 2048
"""Tokens of a batch that is only measured, at most about: `fairforget.lm.batching`."""


def training_need(recipe: TargetRecipe, subject: Subject, *, checkpointing: bool) -> Need | None:
    """Return what the process needs that trains the target, or an oracle; None where nothing is trained."""
    if recipe.training is None:
        return None
    base = recipe.base
    adapter = base.adapter if isinstance(base, Pretrained) else None
    trained = {"name": "adamw", "adapter": adapter if adapter is not None and adapter.get("r") else None}
    rows = recipe.training.batch_size
    found = need_of(
        subject.model, Work("training the target", trained, rows, subject.tokens, checkpointing, certain=True)
    )
    # What it is a copy of is given back, and peft keeps no second set of weights.
    return replace(
        found, parts=tuple(replace(p, likely=p.likely / 2) if p.name == "adapter" else p for p in found.parts)
    )


def needs_of(
    plan: Plan, subject: Subject, recipe: TargetRecipe, methods: Collection[str] | None = None
) -> Iterator[Need]:
    """Yield what processes need: to score the pool, and for the cells of each method at their dearest.

    Args:
        plan: of the study.
        subject: what it works on.
        recipe: of the target, by which oracles are trained.
        methods: labels of the methods that still have cells to run; None = all.
    """
    model, measured = subject.model, _measuring(subject)
    for built in plan.difficulties().values():
        plugin = built.plugin
        if isinstance(plugin, Difficulty) and plugin.needs_model:
            second = Part("weights to go back to, or gradients", model.weights)
            yield Need(f"scoring the pool by {built.entry.name}", (model_part(model), second, *measured))
    for method in plan.methods:
        if methods is None or method.label in methods:
            yield _of_oracles(plan, method, subject, recipe) or _of_cells(plan, method, subject)


def _of_oracles(plan: Plan, method: PlannedMethod, subject: Subject, recipe: TargetRecipe) -> Need | None:
    """Return what the cells of an oracle's row need where oracles have to be trained, beside the model of the cell."""
    training = training_need(recipe, subject, checkpointing=plan.study.model.gradient_checkpointing)
    if method.reference != "oracle" or training is None:
        return None
    # They may lie in the cache, so that none of this is certain.
    trained = (Part("the oracle" if p.name == "model" else p.name, p.likely) for p in training.parts)
    return Need(f"a cell of {method.label}", (model_part(subject.model), *trained))


def _of_cells(plan: Plan, method: PlannedMethod, subject: Subject) -> Need:
    model, measured, plugin = subject.model, _measuring(subject), method.built.plugin
    held = (model_part(model), *measured)
    if method.reference is not None or method.elsewhere or not isinstance(plugin, Method):
        return Need(f"a cell of {method.label}", held)
    budget = plan.study.budget
    work = Work(
        f"a cell of {method.label}",
        method.optimizer,
        rows=int(method.optimizer["batch_size"]) * max(1, method.sequences),
        tokens=subject.tokens,
        checkpointing=plan.study.model.gradient_checkpointing,
        # A run that ends at its first look takes no update.
        certain=isinstance(plugin, LossMethod) and budget.stop is None and budget.completeness is None,
        copies=plugin.copies,
    )
    update = need_of(model, work)
    # Between updates there are neither gradients nor activations, but what a look or a score takes.
    scored = any(c is not None and c.difficulty is not None for c in method.curricula)
    more = (Part("weights to go back to, or gradients", model.weights),) if scored else ()
    kept = tuple(part for part in update.parts if part.name not in {"gradients", "activations"})
    between = Need(work.what, (*kept, *more, *measured))
    dearest = max(update, between, key=lambda need: need.likely)
    least = max(update, between, key=lambda need: need.least)
    return dearest if dearest.least >= least.least else replace(dearest, parts=(*dearest.parts, _rest(least, dearest)))


def _rest(least: Need, dearest: Need) -> Part:
    """Return a part of no size that makes up for what is certain at another moment than the dearest."""
    return Part("", 0.0, least.least - dearest.least)


def _measuring(subject: Subject) -> tuple[Part, ...]:
    logits = min(_BATCH * subject.model.vocabulary, _LOGITS) * subject.model.element
    return (Part("a batch that is measured", float(logits)),)
