"""What a cell is, whoever ran it and with which version: cells of two sides that are the same are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairforget.board.identity import comparison, draw_of, method_options, reference_of
from fairforget.board.loose import items, mapping
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json, scoring_part
from fairforget.study.searches import LEARNING_RATE, OF_CURRICULUM

PARTS: Final = (
    "task",
    "task version",
    "task options",
    "task data",
    "target",
    "forget size",
    "unit of a draw",
    "evaluation",
    "budget",
    "tuning",
    "method",
    "options of the method",
    "curriculum",
    "optimizer",
    "stratum",
    "forget set",
    "seed",
)
"""What has to be equal, from the widest to the narrowest."""
SHARED: Final = PARTS.index("budget")
"""So many parts are what a reference row shares with the others."""
SETTING: Final = PARTS.index("method")
"""So many parts are what rows share."""
ROW: Final = PARTS.index("stratum")
"""So many parts are a row; the next one is the stratum."""
STRATUM: Final = PARTS.index("forget set")
"""So many parts are a row in one stratum."""

Identity = tuple[str, ...]
"""Canonical JSON of every part, in the order of `PARTS`."""


def identity(record: Record) -> Identity:
    """Return what a cell is.

    Versions of distributions are not in it: they are what a comparison is about. The settings that tuning chose are
    not either, because the row is the method *and* how it was searched; a version that is tuned to other settings is
    compared with what the other was tuned to.
    """
    cell, shared = record.cell, comparison(record)
    reference = reference_of(record)
    chosen = _chosen(record)
    method = {"name": cell["method"]["name"], "reference": reference}
    options = {n: v for n, v in method_options(record).items() if n not in chosen}
    ordered = None if reference else _curriculum(record, chosen)
    optimizer = None if reference else {n: v for n, v in cell["optimizer"].items() if f"optimizer.{n}" not in chosen}
    draw = draw_of(record)
    values: list[Any] = [shared[name] for name in PARTS[:SETTING]]
    values += [method, options, ordered, optimizer]
    rest = (draw.stratum, canonical_json([draw.index, draw.digest]), canonical_json(cell["seed"]))
    return (*map(canonical_json, values), *rest)


def chosen_by_tuning(record: Record) -> dict[str, Any]:
    """Return the settings that tuning chose for a cell's row; nothing where it was not tuned."""
    return {name: value for name, value in settings(record).items() if name in _chosen(record)}


def _curriculum(record: Record, chosen: frozenset[str]) -> dict[str, Any] | None:
    found = scoring_part({"curriculum": record.cell["curriculum"]})["curriculum"]
    if found is None:
        return None
    kept = {n: v for n, v in mapping(found.get("options")).items() if f"{OF_CURRICULUM}{n}" not in chosen}
    difficulty = {n: v for n, v in mapping(found.get("difficulty")).items() if n != "dist_version"}
    return {"name": found["name"], "options": kept, "difficulty": difficulty}


def settings(record: Record) -> Mapping[str, Any]:
    """Return the settings of a row by the names that tuning has for them."""
    cell = record.cell
    curriculum = mapping(cell["curriculum"])
    return {
        **mapping(cell["method"].get("options")),
        **{f"{OF_CURRICULUM}{name}": value for name, value in mapping(curriculum.get("options")).items()},
        LEARNING_RATE: cell["optimizer"].get("lr"),
    }


def _chosen(record: Record) -> frozenset[str]:
    """Return the names of what was searched, where the row is one that was tuned."""
    if not record.cell["method"].get("tuned"):
        return frozenset()
    searched = items(mapping(record.extra.get("tuning")).get("searched"))
    return frozenset(name for one in searched if isinstance(name := mapping(one).get("name"), str))
