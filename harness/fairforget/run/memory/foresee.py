"""The memory of a study, looked at before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fairforget.api import Corpus, Engine, Task
from fairforget.errors import FairforgetError
from fairforget.run.memory.forecast import MemoryForecast, forecast_memory
from fairforget.run.memory.words import check_memory, told
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.watcher import Watcher
from fairforget.study.options import Built
from fairforget.study.plan import Plan


def foresee(
    plan: Plan,
    engine: Built,
    corpus: Corpus,
    target: Mapping[str, Any],
    cache: Path,
    cells: Path,
    missing: Mapping[str, Mapping[str, Any]] | None,
    watcher: Watcher,
) -> None:
    """Look at the memory of a study before it runs; note where it may not suffice.

    Args:
        plan: of the study.
        engine: where cells run.
        corpus: of its task.
        target: identity of its target.
        cache: root of the cache.
        cells: folder of the records.
        missing: the cells that are to be run, by their keys; None where that is not known yet. Nothing is said then of
            a folder with records: all that is left may be small.
        watcher: is told.

    Raises:
        FairforgetError: it cannot suffice.
    """
    if missing is None and next(cells.glob("*.json"), None) is not None:
        return
    recipe, _ = recipe_for(plan.task.of(Task), plan.study.model_json())  # type: ignore[type-abstract]
    methods = None if missing is None else {str(cell["method"]["label"]) for cell in missing.values()}
    found = forecast_memory(plan, _engine(engine), recipe, corpus, target, cache, methods)
    if found is None:
        return
    note = check_memory(found, plan, len(plan) if missing is None else len(missing))
    if note is not None:
        watcher.note(note)


def memory_lines(plan: Plan, engine: Built, cache: Path) -> Iterator[str]:
    """Yield what ``--dry-run`` prints of memory: what is estimated, and what speaks against it."""
    task = plan.task.of(Task)  # type: ignore[type-abstract]
    recipe, seed = recipe_for(task, plan.study.model_json())
    corpus = task.corpus()
    found = forecast_memory(plan, _engine(engine), recipe, corpus, target_identity(recipe, corpus, seed), cache)
    if found is None:
        yield "estimated memory: not known before the model is here"
        return
    yield from told(found)
    yield from _warned(found, plan)


def _warned(found: MemoryForecast, plan: Plan) -> Iterator[str]:
    try:
        note = check_memory(found, plan, len(plan))
    except FairforgetError as error:
        note = str(error)
    if note is not None:
        yield f"  {note}"


def _engine(built: Built) -> Engine:
    found: Engine = built.of(Engine)  # type: ignore[type-abstract]
    return found
