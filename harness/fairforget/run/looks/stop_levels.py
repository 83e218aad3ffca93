"""The levels of the stop rule, by policy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fairforget.errors import FairforgetError
from fairforget.run.looks.stop import Level, MemorizationRule, measure_level
from fairforget.run.targets.target import load_target
from fairforget.run.workbench import Workbench


def memorization_rule(bench: Workbench, stop: Mapping[str, Any], forget: tuple[str, ...]) -> MemorizationRule:
    """Return the rule of a study for one draw.

    Args:
        bench: the task and its target.
        stop: ``budget.stop`` or ``trajectory.forgetting`` of a cell.
        forget: ids of the draw.

    Raises:
        FairforgetError: the policy needs unseen samples that the task does not have, or an oracle that cannot be made.
    """
    n, stride = stop["n"], stop["stride"]
    level = _level(bench, stop["policy"], forget if stop["policy"] == "retrain" else (), n, stride)
    return MemorizationRule(level, n, stride, stop.get("quantile"))


@lru_cache(maxsize=64)
def _level(bench: Workbench, policy: str, forget: tuple[str, ...], n: int, stride: int) -> Level:
    """Return the level; kept for the process, for it is the same for every cell of a target (or of a draw)."""
    corpus, target = bench.corpus, bench.target
    if policy == "retrain":
        oracle = load_target(bench.oracle_folder(forget), bench.recipe)
        samples = [s for s in corpus.pool if s.id in set(forget)]
        return measure_level(oracle.model, oracle.encode(samples, corpus), n=n, stride=stride)
    samples = list(corpus.holdout if policy == "unseen" else corpus.pool)
    if not samples:
        msg = (
            "the policy 'unseen' (budget.stop, trajectory.forgetting) takes its level from held-out samples, and this "
            "task has none; use 'paper_literal' or 'retrain'"
        )
        raise FairforgetError(msg)
    return measure_level(target.model, target.encode(samples, corpus), n=n, stride=stride)
