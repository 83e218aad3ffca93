"""Running a study of one method for a gate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairforget.testing.quality.values import Scores


def measure_method(
    name: str,
    method: Mapping[str, Any],
    *,
    study: str | Path,
    folder: Path,
    settings: Sequence[str] = (),
    plugins: Sequence[Path] = (),
) -> Scores:
    """Run a study with one method in it, in this process, and return its item scores.

    Args:
        name: of the baseline.
        method: as in a study: its name, with its options beside it.
        study: a file, or the name of a study.
        folder: where the run goes.
        settings: ``key=value`` each, as ``--set``.
        plugins: Python files with hooks, as ``--plugin``.

    Raises:
        FairforgetError: the study is wrong, or a cell failed.
    """
    import torch

    from fairforget.paths import cache_folder
    from fairforget.registry import Registry
    from fairforget.run.study import run_study
    from fairforget.run.watcher import Silent
    from fairforget.store.results import Results
    from fairforget.study.load import open_study
    from fairforget.study.options import build
    from fairforget.study.planning import make_plan
    from fairforget.study.spec import engine_spec
    from fairforget.testing.quality.of_records import scores_of

    registry = Registry.discover(list(plugins))
    opened = open_study(study, registry, [*settings, f"methods={json.dumps([dict(method)])}"])
    plan = make_plan(opened.study, registry, opened.places)
    engine = build(registry, "engine", engine_spec(plan.study.engine))
    threads = torch.get_num_threads()
    try:
        run_study(plan, registry, folder, engine=engine, cache=cache_folder(), watcher=Silent())
    finally:
        torch.set_num_threads(threads)
    return scores_of(name, dict(method), Results.read([folder]).records)
