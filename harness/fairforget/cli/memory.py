"""The lines of ``fairforget run --dry-run`` about memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairforget.registry import Registry
    from fairforget.study.plan import Plan


def print_memory(plan: Plan, registry: Registry) -> None:
    """Print what a study needs of memory and what there is; nothing where its target cannot be looked at."""
    from fairforget.errors import FairforgetError
    from fairforget.paths import cache_folder
    from fairforget.run.memory.foresee import memory_lines
    from fairforget.study.options import build
    from fairforget.study.spec import engine_spec
    from fairforget.terminal import printable

    engine = build(registry, "engine", engine_spec(plan.study.engine))
    try:
        for line in memory_lines(plan, engine, cache_folder()):
            print(printable(line))
    except FairforgetError:
        return  # why it cannot run stands where its time would
