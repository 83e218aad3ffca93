"""What a cell asks to be looked at along the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairforget.api import Metric
from fairforget.lm.tokens import SampleSet
from fairforget.run.looks.forgetting import ForgettingWatch
from fairforget.run.looks.path import Path, Watch
from fairforget.run.looks.stop_levels import memorization_rule
from fairforget.run.looks.trajectory import Measure, TrajectoryWatch
from fairforget.run.workbench import Workbench


def path_of(bench: Workbench, cell: Mapping[str, Any], model: Any, samples: SampleSet, measure: Measure) -> Path:
    """Return the path of a cell that is no reference row.

    Args:
        bench: the task and its target.
        cell: with its budget, and the trajectory among what is evaluated.
        model: of the cell.
        samples: the draw, encoded.
        measure: measures columns on the model of the cell as it then is.

    Raises:
        FairforgetError: a policy needs unseen samples that the task does not have, or an oracle that cannot be made.
    """
    budget, trajectory = cell["budget"], cell["evaluation"].get("trajectory")
    draw = tuple(cell["draw"]["forget"])
    goal = budget.get("completeness")
    watches: list[Watch] = []
    if (stop := budget["stop"]) is not None:
        rule = memorization_rule(bench, stop, draw)
        watches.append(ForgettingWatch(rule, model, samples, stop["every"], ends=True))
    if goal is None and trajectory is None:
        return Path(watches)
    every = trajectory["every"] if goal is None else budget["every"]
    columns = _averaged(cell) if goal is not None else []
    if trajectory is not None:
        columns += trajectory["columns"] or _quick(bench, cell)
        if (asked := trajectory["forgetting"]) is not None:
            rule = memorization_rule(bench, asked, draw)
            watches.append(ForgettingWatch(rule, model, samples, every, ends=False))
    return Path([*watches, TrajectoryWatch(measure, tuple(dict.fromkeys(columns)), every, goal)])


def _averaged(cell: Mapping[str, Any]) -> list[str]:
    """Return the columns that the averages of completeness and utility are of."""
    roles = ("completeness", "utility")
    return [use["column"] for use in cell["evaluation"]["metrics"] if use["average"] and use["role"] in roles]


def _quick(bench: Workbench, cell: Mapping[str, Any]) -> list[str]:
    """Return the columns that one pass over the samples tells."""
    uses = cell["evaluation"]["metrics"]
    return [use["column"] for use in uses if bench.build("metric", use["metric"]).of(Metric).quick]  # type: ignore[type-abstract]
