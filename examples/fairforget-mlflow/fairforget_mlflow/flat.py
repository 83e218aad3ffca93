"""Records and boards as the flat names and numbers that MLflow keeps."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

LONGEST: Final = 250
"""Characters of a name, at most: MLflow's own limit."""
LONGEST_VALUE: Final = 500
"""Characters of a parameter, at most; what is longer is cut, and whole in the artifact ``study.json``."""


def name_of(text: str) -> str:
    """Return a name that MLflow takes: letters, digits, ``_ - . /`` and spaces."""
    return re.sub(r"[^\w\-./ ]", "_", text, flags=re.ASCII)[:LONGEST].strip()


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the parameters in nested data; mappings are joined by dots, lists stay whole, None is left out."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    elif value is not None:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield name_of(name), text[:LONGEST_VALUE]


def cell_parameters(cell: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells a cell from the others of its study."""
    draw, curriculum = cell["draw"], cell["curriculum"]
    told = {
        "method": cell["method"]["name"],
        "method_option": cell["method"]["options"],
        "curriculum": None if curriculum is None else curriculum["name"],
        "sampler": draw["sampler"]["name"],
        "stratum": draw["stratum"],
        "draw": draw["index"],
        "draw_digest": draw["digest"],
        "seed": cell["seed"],
        "budget": cell["budget"],
        "optimizer": cell["optimizer"],
    }
    return dict(flat(told))


def cell_metrics(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of a cell, and what it spent."""
    scores = {column: score["value"] for column, score in record["scores"].items()}
    ledger = record["ledger"]
    spent = {f"ledger/{key}": ledger[key] for key in ("updates", "forward_equivalents", "peak_memory_bytes")}
    seconds = {
        f"seconds/{phase}": part["seconds"]
        for phase, part in ledger.items()
        if isinstance(part, Mapping) and "seconds" in part
    }
    return numbers({**scores, **spent, **seconds})


def board_metrics(results: Mapping[str, Any]) -> dict[str, float]:
    """Return score, completeness and utility of every row of a board's first table, with the ends of their intervals.

    A later table is of cells that may not be compared with the first's; it is in the artifact.
    """
    found: dict[str, Any] = {}
    for row in results["tables"][0]["rows"] if results["tables"] else ():
        for figure in ("score", "completeness", "utility"):
            estimate = row["headline"][figure] or {}
            ends = {"": estimate.get("mean"), "-low": estimate.get("low"), "-high": estimate.get("high")}
            found |= {f"{figure}{end}/{row['label']}": value for end, value in ends.items()}
    return numbers(found)


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers among values, under names that MLflow takes."""
    kept = {name_of(k): float(v) for k, v in values.items() if isinstance(v, int | float)}
    return {name: value for name, value in kept.items() if math.isfinite(value)}
