"""A task file of lm-evaluation-harness as a column of a board."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fairforget.api import MetricUse, PluginSpec
from fairforget.api.metric import Role

HERE: Final = Path(__file__).parent


def lm_eval_column(column: str, task: str, role: Role, *, on: str = "retain", **options: Any) -> MetricUse:
    """Return the use of a task file that lies in ``tasks/`` of this package, with its rows in ``data/``.

    lm-eval measures the live model, by its own code and in the process that unlearned it. The rows of a data set
    ``NAME`` with configuration ``CONFIG`` are in ``data/NAME/CONFIG/SPLIT.jsonl``, so no network is needed. Both
    folders are known by their content: a cell has the same key wherever the package is installed, and another one when
    a file in them changes.

    Args:
        column: name of the column.
        task: name of the task, group or tag in the YAML.
        role: what the column counts for.
        on: a set of the task; lm-eval brings its own questions, and only boards group columns by it.
        options: further ones of the metric, ``fairforget plugins show multiple-choice`` lists them.
    """
    folders = {"include_path": str(HERE / "tasks"), "data": str(HERE / "data")}
    return MetricUse(column, PluginSpec("multiple-choice", {"tasks": [task], **folders, **options}), on, role)
