"""What a plan says about itself beside its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairforget.api import Curriculum
from fairforget.board.text import plural
from fairforget.study.cost import updates_of

if TYPE_CHECKING:
    from fairforget.study.plan import Plan
    from fairforget.study.rows import PlannedCurriculum, PlannedMethod


def remarks(plan: Plan) -> Iterator[str]:
    """Yield what a reader of the table has to know: draws, scores, tuning, when runs end, and what comes on top."""
    study = plan.study
    strata = ", ".join(f"{s.built.entry.name}: {'/'.join(s.strata)}" for s in plan.samplers)
    apart = ", no sample in two of them" if study.disjoint else ""
    sets = f"{plural(study.draws, 'draw')} of {plural(study.forget_size, 'sample')} a stratum"
    yield f"{sets}{apart} ({strata})"
    for built in plan.difficulties().values():
        yield f"the pool is scored by {built.entry.name} before anything is drawn"
    if study.tuning is not None and plan.searches():
        sets = (
            "one forget set of its own" if study.tuning.draws == 1 else f"{study.tuning.draws} forget sets of its own"
        )
        yield f"tuning first: {study.tuning.trials} trials a row, on {sets}"
        for search in plan.searches():
            yield f"  {search.label} searches {', '.join(map(str, search.dimensions))}"
    yield from _ends(plan)
    scorings = dict.fromkeys(
        _scorings(plan, method, curriculum)
        for method in plan.methods
        for curriculum in method.curricula
        if curriculum is not None and curriculum.difficulty is not None
    )
    yield from scorings
    passes = "difficulty scores and reference passes" if scorings else "reference passes"
    looks = "looks on the way" if _looked_at(plan) else ""
    if study.budget.kind == "forward_equivalents":
        on_top = f"; {looks} come on top" if looks else ""
        yield f"forward-equivalents are at most these, {passes} included{on_top}"
        yield "  but a cell's first update is taken whatever it costs, and one dearer than all before it may overdraw"
    else:
        on_top = f"{passes.replace(' and ', ', ')} and {looks}" if looks else passes
        yield f"updates and forward-equivalents are at most these; {on_top} come on top"


def _ends(plan: Plan) -> Iterator[str]:
    budget = plan.study.budget
    if budget.completeness is not None:
        often = "once an epoch" if budget.every is None else f"every {budget.every} updates"
        yield f"a run ends where completeness reaches {budget.completeness:g}, looked at {often}"
    if budget.stop is not None:
        often = "once an epoch" if budget.stop.every is None else f"every {budget.stop.every} updates"
        yield f"a run ends where its draw counts as forgotten ({budget.stop.policy}), looked at {often}"


def _looked_at(plan: Plan) -> bool:
    budget = plan.study.budget
    return budget.completeness is not None or budget.stop is not None or plan.study.trajectory is not None


def _scorings(plan: Plan, method: PlannedMethod, curriculum: PlannedCurriculum) -> str:
    """Return how often a curriculum scores the draw of a cell."""
    plugin, difficulty = curriculum.built.of(Curriculum), curriculum.difficulty
    by = "" if difficulty is None else f" by {difficulty.entry.name}"
    every = plugin.refresh_every()
    if every is None:
        return f"{curriculum.label} scores the draw{by} once a cell"
    if plan.study.budget.kind == "forward_equivalents":
        often = "epoch" if every == 1 else f"{every} epochs"
        return f"{curriculum.label} scores the draw{by} every {often}, out of the budget"
    batch, size = int(method.optimizer["batch_size"]), plan.study.forget_size
    epochs = -(-updates_of(plan.budget_json(), size, batch) // -(-size // batch))
    times = -(-epochs // every)
    return f"{curriculum.label} scores the draw{by} {'once' if times == 1 else f'up to {times:,} times'} a cell"
