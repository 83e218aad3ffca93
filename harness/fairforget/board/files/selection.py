"""Which of the records count for a board, and by which of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fairforget.board.files.board_file import BoardFile, OpenBoard
from fairforget.board.identity import bare, reference_of
from fairforget.board.loose import mapping, number
from fairforget.board.text import shown
from fairforget.board.values import LeftOut
from fairforget.errors import did_you_mean
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json

OWN: Final = "fairforget"
"""The distribution whose plugins a board file may name by their bare names."""


def select(file: BoardFile, records: Iterable[Record]) -> tuple[list[Record], list[LeftOut]]:
    """Return the records that a board compares, and the others with the reasons."""
    kept: list[Record] = []
    left: dict[str, list[str]] = {}
    for record in records:
        reason = why_not(file, record)
        if reason is None:
            kept.append(record)
        else:
            left.setdefault(reason, []).append(record.key)
    return kept, [LeftOut(reason, tuple(sorted(left[reason]))) for reason in sorted(left)]


def why_not(file: BoardFile, record: Record) -> str | None:
    """Return why a record is not for this board; None where it is."""
    cell = record.cell
    task, draw = cell["task"], cell["draw"]
    if not called(task["name"], file.task.name):
        return f"of the task {shown(bare(task['name']))}; this board is about {shown(bare(file.task.name))}"
    if task["version"] != file.task.version:
        return f"of version {task['version']} of the task; this board is about version {file.task.version}"
    if odd := _differing(file.task.options, mapping(task.get("options"))):
        return f"the task has another option than this board asks for: {shown(', '.join(odd), 200)}"
    if file.targets is not None and cell["target"]["id"] not in file.targets:
        return "of a target model that is not on this board"
    if file.samplers is not None and not any(
        called(draw["sampler"]["name"], sampler.name)
        and not _differing(sampler.options, mapping(draw["sampler"].get("options")))
        for sampler in file.samplers
    ):
        return f"forget sets of the sampler {shown(bare(draw['sampler']['name']))}, which do not count on this board"
    # What a reference row spends is not compared, so it stands beside a goal as beside a budget.
    goal = number(mapping(cell["budget"]).get("completeness"))
    if goal != file.goal and not reference_of(record):
        return _other_goal(goal, file.goal)
    if file.draws is not None and draw["index"] >= file.draws:
        return f"forget sets beyond the first {file.draws} of a stratum"
    if file.seeds is not None and cell["seed"] >= file.seeds:
        return f"seeds beyond the first {file.seeds}"
    return None


def by_columns(board: OpenBoard, records: Sequence[Record]) -> list[Record]:
    """Return the records with the averages that the file asks for.

    Raises:
        FairforgetError: no record has a column that is asked for; names the line.
    """
    asked = board.file.score
    if asked is None or not records:
        return list(records)
    wanted = {"completeness": asked.completeness, "utility": asked.utility}
    for role, names in wanted.items():
        known = {n for r in records for n, s in r.scores.items() if s.role == role and s.better == "higher"}
        for i, name in enumerate(names):
            if name not in known:
                msg = f"no result has such a column of {role} that can be averaged. {did_you_mean(name, known)}"
                raise board.error(("score", role, i), msg)
    return [
        replace(
            record,
            scores={
                name: replace(score, average=name in wanted[score.role]) if score.role in wanted else score
                for name, score in record.scores.items()
            },
        )
        for record in records
    ]


def called(name: str, wanted: str) -> bool:
    """Return whether a recorded name is the wanted one; a bare one is fairforget's, or an import's."""
    return name == wanted or ("/" not in wanted and name == f"{OWN}/{wanted}")


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the options that are wanted and not so."""
    return [n for n, v in wanted.items() if n not in found or canonical_json(v) != canonical_json(found[n])]


def _other_goal(found: float | None, wanted: float | None) -> str:
    here = "runs are compared at their end" if wanted is None else f"runs go until completeness {wanted:g}"
    there = "run to its end" if found is None else f"run until completeness {found:g}"
    return f"{there}; on this board {here}"
