"""How far a study is, from its files alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairforget.errors import FairforgetError
from fairforget.pace import Pace, pace_of
from fairforget.run.progress import seconds_of
from fairforget.store.present import Runner, present
from fairforget.store.regular import read_regular
from fairforget.store.runners import DOOR
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of the cells of a run."""

    study: str | None
    """Name of the study; None where study.yaml does not say."""
    planned: int | None
    """Cells in the plan; None where there is no plan.json."""
    ok: int
    failed: int
    unreadable: tuple[str, ...]
    """Files in ``cells/`` that are not records of the cell they are named after."""
    unplanned: int
    """Records of cells that are not in the plan; they are not counted otherwise."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Key of each failed cell -> its first problem."""
    trials: int | None = None
    """Trials of tuning that have a result; None where the study is not tuned, or has not come so far."""
    pace: Pace = field(default_factory=lambda: Pace(None, None, None, 1.0))
    """How fast it goes."""
    runners: tuple[Runner, ...] | None = ()
    """Who is at work; None where that cannot be told."""

    @property
    def remaining(self) -> int | None:
        """Cells without a record; None where there is no plan."""
        return None if self.planned is None else self.planned - self.ok - self.failed


def read_progress(directory: Path) -> Progress:
    """Count the records in the folder of a run.

    Raises:
        FairforgetError: the folder is not that of a run, or its plan cannot be read.
    """
    cells = directory / "cells"
    plan = _plan(directory / "plan.json")
    trials = _trials(directory / "tuning" / "trials.json")
    # Before there is a plan the target is trained, which may take hours.
    begun = (directory / DOOR).is_file() and (directory / "study.yaml").is_file()
    if plan is None and not cells.is_dir() and trials is None and not begun:
        msg = f"{directory} is not the folder of a run: it has neither plan.json nor cells/"
        raise FairforgetError(msg)
    statuses: dict[str, str] = {}
    failures: dict[str, str] = {}
    unreadable: list[str] = []
    seconds: dict[str, float] = {}
    times: list[float] = []
    unplanned = 0
    for file in sorted(cells.glob("*.json")):
        if not re.fullmatch(r"[0-9a-f]+", file.stem):
            continue
        if plan is not None and file.stem not in plan:
            unplanned += 1
            continue
        record, time = _json(file), _written(file)
        status = record.get("status") if isinstance(record, dict) and record.get("key") == file.stem else None
        if not isinstance(status, str) or status not in {"ok", "failed"}:
            unreadable.append(file.name)
            continue
        statuses[file.stem] = status
        seconds[file.stem] = seconds_of(record)
        times += [] if time is None else [time]
        if status == "failed":
            failures[file.stem] = _first_problem(record)
    counts = list(statuses.values())
    return Progress(
        study=_name(directory / "study.yaml"),
        planned=None if plan is None else len(plan),
        ok=counts.count("ok"),
        failed=counts.count("failed"),
        unreadable=tuple(unreadable),
        unplanned=unplanned,
        failures=failures,
        trials=trials,
        pace=pace_of(plan or {}, seconds, times),
        runners=present(directory),
    )


def _plan(file: Path) -> dict[str, str] | None:
    """Return the kind of each cell by its key; all are of one kind where the plan does not say."""
    if not file.exists():
        return None
    plan = _json(file)
    keys = plan.get("cells") if isinstance(plan, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        msg = f"{file} is not a plan: it has no list of keys under 'cells'. Run the study again to write it anew"
        raise FairforgetError(msg)
    kinds = plan.get("kinds")
    if not isinstance(kinds, list) or len(kinds) != len(keys) or not all(type(kind) is int for kind in kinds):
        kinds = [0] * len(keys)
    return {key: str(kind) for key, kind in zip(keys, kinds, strict=True)}


def _trials(file: Path) -> int | None:
    found = _json(file)
    if not isinstance(found, dict) or not isinstance(found.get("searches"), list):
        return None
    searches = [one for one in found["searches"] if isinstance(one, dict) and isinstance(one.get("trials"), list)]
    trials = [trial for one in searches for trial in one["trials"] if isinstance(trial, dict)]
    return sum(trial.get("value") is not None for trial in trials)


def _json(file: Path) -> Any:
    try:
        return parse(read_regular(file, MAX_BYTES))
    except (OSError, NotJson):
        return None


def _written(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _name(file: Path) -> str | None:
    from fairforget.study.yaml_lines import YamlError, read_yaml

    try:
        study = read_yaml(file).value
    except YamlError:
        return None
    name = study.get("name") if isinstance(study, dict) else None
    return name if isinstance(name, str) else None


def _first_problem(record: Mapping[str, Any]) -> str:
    problems = record.get("problems")
    first = problems[0] if isinstance(problems, list) and problems else None
    if not isinstance(first, dict):
        return "no reason recorded"
    return f"{first.get('kind', 'problem')}: {first.get('message', '')}"
