"""What one cell is worth: a column, an average of columns, or what it took to forget."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from fairforget.board.loose import mapping, number
from fairforget.board.making.scores import matched_utility
from fairforget.board.making.worst import worst_quarter
from fairforget.stats.averages import role_average
from fairforget.store.record import Record

At = Literal["end", "completeness-matched"]
Spent = Literal["updates", "forward-equivalents"]
Measure = Callable[[Record], float]

LOGS: Final = ("log-updates", "log-forward-equivalents")
"""Outcomes that are logarithms of `time_to_goal`; whatever else is no average is the name of a column."""


@dataclass(frozen=True, slots=True)
class Time:
    """What a cell spent until it had forgotten."""

    spent: float
    """Positive; where the goal was not reached, what was spent by the end."""
    reached: bool
    """False: right-censored, it would have taken more."""


def measure(of: str, at: At = "end") -> Measure:
    """Return the function from a record to its outcome; NaN where a cell has none, as where it failed.

    Args:
        of: ``completeness``, ``worst-quartile`` (completeness of the quarter of the samples that is forgotten worst),
            ``utility``, ``log-updates``, ``log-forward-equivalents``, or a column. A logarithm is natural, and that of
            a cell that did not reach its goal is NaN: where the budget ends is no measurement.
        at: ``completeness-matched`` = where completeness reaches the goal of the budget, as boards compare rows; only
            utility and its columns are known there. A cell that never reached it has no outcome.

    Raises:
        ValueError: `at` says where, and `of` is not measured there.
    """
    if at == "completeness-matched":
        if of in {"completeness", "worst-quartile", *LOGS}:
            msg = f"of {of!r} is not compared at equal completeness; at: end is"
            raise ValueError(msg)
        return matched_utility if of == "utility" else _matched_column(of)
    if of in LOGS:
        return _log("updates" if of == "log-updates" else "forward-equivalents")
    if of in {"completeness", "utility"}:
        return lambda record: role_average(record.scores.values(), of) if record.status == "ok" else math.nan
    return worst_quarter if of == "worst-quartile" else _column(of)


def time_to_goal(record: Record, spent: Spent = "updates") -> Time | None:
    """Return what a cell spent until its goal: the completeness of its budget, or else its rule of stopping.

    Between two looks at completeness it is interpolated, as ``matched`` of the record is; a rule of stopping is known
    to be met at the look that found it so.

    Returns:
        None where the cell failed, its budget has no goal, the goal was met before the first update, or the record does
        not say.
    """
    if record.status != "ok":
        return None
    budget, ledger = record.cell["budget"], record.ledger
    end = number(ledger.get("updates" if spent == "updates" else "forward_equivalents"))
    if budget.get("completeness") is not None:
        matched = mapping(record.extra.get("matched"))
        reached = matched.get("reached") is True
        at = number(matched.get("update" if spent == "updates" else "forward_equivalents")) if reached else end
    elif budget.get("stop") is not None:
        reached, at = ledger.get("stopped") == "rule", end
    else:
        return None
    return None if at is None or at <= 0 else Time(at, reached)


def updates_or_endless(of: str) -> Measure:
    """Return what `measure` does of one of `LOGS`, for ranks: infinite where the goal was not reached."""
    spent: Spent = "updates" if of == "log-updates" else "forward-equivalents"

    def log(record: Record) -> float:
        time = time_to_goal(record, spent)
        return math.nan if time is None else math.log(time.spent) if time.reached else math.inf

    return log


def _log(spent: Spent) -> Measure:
    def log(record: Record) -> float:
        time = time_to_goal(record, spent)
        return math.log(time.spent) if time is not None and time.reached else math.nan

    return log


def _column(name: str) -> Measure:
    def column(record: Record) -> float:
        score = record.scores.get(name) if record.status == "ok" else None
        return math.nan if score is None or score.value is None else score.value

    return column


def _matched_column(name: str) -> Measure:
    def column(record: Record) -> float:
        found = mapping(record.extra.get("matched"))
        value = number(mapping(found.get("utility")).get(name)) if found.get("reached") is True else None
        return math.nan if value is None else value

    return column
