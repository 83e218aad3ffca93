"""``fairforget status DIR``."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.cli.output import add_json, print_json
from fairforget.cli.words import SHOWN, remaining, spell
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.progress import Progress
    from fairforget.store.present import CellAtWork, Runner

_SHOWN: Final = 10
_TICK: Final = 2.0
"""Seconds by which clocks may differ before anything is said of it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="the folder of a run, as given to 'run --out'")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print how far the study in a folder is, and who is at work there."""
    from fairforget.progress import read_progress

    progress, now = read_progress(args.directory), time.time()
    if args.json:
        print_json(to_json(progress, now))
    else:
        for line in lines(progress, str(args.directory), now):
            print(printable(line))
    return 0


def to_json(progress: Progress, now: float) -> dict[str, Any]:
    """Return everything, as docs/reference/commands.md names it; times are UTC, lengths of time seconds."""
    found = dataclasses.asdict(progress)
    pace = found.pop("pace")
    return found | {
        "remaining": progress.remaining,
        "last_cell": _time(pace["last"]),
        "cells_per_hour": pace["an_hour"] and round(pace["an_hour"], 3),
        "work_seconds": pace["work"],
        "seconds_left": _left(progress, now),
        "known": pace["known"],
        "runners": None if progress.runners is None else [_runner(runner) for runner in progress.runners],
    }


def lines(progress: Progress, directory: str, now: float) -> list[str]:
    """Return what is said to people.

    Args:
        progress: what was found.
        directory: where.
        now: seconds since 1970.
    """
    total = "an unknown number of" if progress.planned is None else str(progress.planned)
    parts = [f"{progress.ok} of {total} cells done", f"{progress.failed} failed"]
    if progress.remaining is not None:
        parts.append(f"{progress.remaining} to run")
    if progress.trials is not None:
        parts.append(f"{progress.trials} trials of tuning done")
    said = [f"{progress.study or directory}: {', '.join(parts)}", *_at_work(progress, now), *_time_left(progress, now)]
    said += [f"  failed {key}: {problem}" for key, problem in list(progress.failures.items())[:_SHOWN]]
    if len(progress.failures) > _SHOWN:
        said.append(f"  … and {len(progress.failures) - _SHOWN} more")
    if progress.unreadable:
        said.append(f"  unreadable, to be run again: {', '.join(progress.unreadable)}")
    if progress.unplanned:
        said.append(f"  {progress.unplanned} records of cells that are not in the plan")
    return said


def _at_work(progress: Progress, now: float) -> list[str]:
    if progress.runners is None:
        return ["  who is at work cannot be told: the files of locks cannot be read, or there are no locks here"]
    said = []
    for runner in progress.runners:
        at = [f"{cell.cell}{_lasting(cell, now)}" for cell in runner.cells[:SHOWN]]
        if runner.stage is not None:
            at.append(runner.stage + _for(runner.stage_since, now))
        if runner.at_work > SHOWN:
            at.append(f"and {runner.at_work - SHOWN} more")
        said.append(f"  process {runner.process or '?'} on {runner.host or '?'}" + (f": {'; '.join(at)}" if at else ""))
    return said or ([] if progress.remaining == 0 else ["  nobody is at work here"])


def _time_left(progress: Progress, now: float) -> list[str]:
    pace, parts = progress.pace, []
    if pace.last is not None:
        if (ago := now - pace.last) > -_TICK:
            parts.append(f"last cell ended {spell(max(ago, 0.0))} ago")
        else:
            parts.append(f"last cell ended at {_time(pace.last)}, by a clock that is ahead of this one")
    if progress.remaining:
        if pace.an_hour is not None and progress.runners:
            parts.append(f"{pace.an_hour:.3g} cells an hour")
        if (left := _left(progress, now)) is not None:
            parts.append(remaining(left, pace.known))
        elif pace.work is not None:
            parts.append(f"about {spell(pace.work)} of work left" + ("" if pace.known == 1 else " (a first guess)"))
    return [f"  {', '.join(parts)}"] if parts else []


def _left(progress: Progress, now: float) -> float | None:
    return progress.pace.left(progress.runners or (), progress.remaining or 0, now)


def _lasting(cell: CellAtWork, now: float) -> str:
    of = "" if cell.expected_seconds is None else f" of about {spell(cell.expected_seconds)}"
    if cell.since is None or now - cell.since < -_TICK:
        return ""  # by a clock that is ahead of this one
    return f" ({spell(max(0.0, now - cell.since))}{of})"


def _for(since: float | None, now: float) -> str:
    return "" if since is None or now - since < -_TICK else f" ({spell(max(0.0, now - since))} so far)"


def _runner(runner: Runner) -> dict[str, Any]:
    found = dataclasses.asdict(runner)
    cells = [cell | {"since": _time(cell["since"])} for cell in found["cells"]]
    return found | {"since": _time(runner.since), "stage_since": _time(runner.stage_since), "cells": cells}


def _time(seconds: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC; None where it is none that a calendar has."""
    try:
        when = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return None if when is None else when.isoformat(timespec="seconds").replace("+00:00", "Z")
