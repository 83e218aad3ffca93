"""Baselines: one JSON file a method, small, with a line for every draw, so that a change of it can be reviewed.

Numbers have six decimals; the digest is that of all their bits, by which an unchanged result is known at once. Nothing
in a file says on which machine it was made but ``made_with``, which is for the reader.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_text
from fairforget.testing.quality.values import Column, Scores

SCHEMA: Final = 1
DECIMALS: Final = 6
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a file holds."""

    scores: Scores
    digest: str
    """Of the scores before they were rounded."""


def baseline_path(folder: Path, name: str) -> Path:
    """Return where the baseline of a name lies.

    Raises:
        FairforgetError: the name is no file name on every system.
    """
    if _NAME.fullmatch(name) is None or ".." in name:
        msg = f"{name!r} cannot be the name of a baseline: lower-case letters and digits, joined by '-', '_' or '.'"
        raise FairforgetError(msg)
    return folder / f"{name}.json"


def write_baseline(path: Path, scores: Scores) -> None:
    """Write a baseline, whole or not at all; the same scores give the same bytes.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    listed, places = _listed(scores.columns)
    columns: dict[str, Any] = {}
    for name, column in scores.columns.items():
        values = {draw: round(value, DECIMALS) for draw, value in column.values.items()}
        found: dict[str, Any] = {"role": column.role, "on": column.on, "items": places[name], "values": values}
        if column.averaged:
            found["by_item"] = {d: [round(v, DECIMALS) for _, v in sorted(i.items())] for d, i in column.items.items()}
        columns[name] = found
    document = {
        "schema": SCHEMA,
        "name": scores.name,
        "subject": scores.subject,
        "benchmark": scores.benchmark,
        "strata": scores.strata,
        "overlap": scores.overlap,
        "made_with": scores.made_with,
        "digest": scores.digest,
        "items": {on: _once(draws) for on, draws in listed.items()},
        "columns": columns,
    }
    write_text(path, _laid_out(document) + "\n")


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        FairforgetError: it cannot be read, or is none.
    """
    try:
        found = _of_this_schema(json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number))
        scores = Scores(
            name=_text(found["name"]),
            subject=dict(found["subject"]),
            benchmark={_text(k): _text(v) for k, v in found["benchmark"].items()},
            columns={_text(n): _column(c, found["items"]) for n, c in found["columns"].items()},
            strata={_text(s): [_text(d) for d in draws] for s, draws in found["strata"].items()},
            overlap={_text(s): _number(v) for s, v in found["overlap"].items()},
            made_with=dict(found["made_with"]),
        )
        return Baseline(scores, _text(found["digest"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        msg = f"{path}: not a baseline ({type(error).__name__}: {error}); write it anew with --quality-update"
        raise FairforgetError(msg) from error


def holds(baseline: Baseline, scores: Scores) -> bool:
    """Return whether the numbers of a baseline are those of scores with its digest, as far as they were written."""
    apart = 10.0**-DECIMALS
    return all(
        math.isclose(value, found, rel_tol=1e-12, abs_tol=apart)
        for name, column in baseline.scores.columns.items()
        for value, found in _paired(column, scores.columns[name])
    )


def _paired(column: Column, other: Column) -> Iterator[tuple[float, float]]:
    for draw, value in column.values.items():
        yield value, other.values[draw]
        if column.averaged:
            yield from ((v, other.items[draw][item]) for item, v in column.items[draw].items())


def _of_this_schema(found: Mapping[str, Any]) -> Mapping[str, Any]:
    if found["schema"] != SCHEMA:
        msg = f"of schema {found['schema']}, and this version reads {SCHEMA}"
        raise ValueError(msg)
    return found


def _column(found: Mapping[str, Any], listed: Mapping[str, Any]) -> Column:
    values = {_text(draw): _number(value) for draw, value in found["values"].items()}
    ids = listed[found["items"]]
    by_draw = {draw: ids if isinstance(ids, list) else ids[draw] for draw in values}
    numbers = found.get("by_item")
    items = {
        draw: {_text(i): 0.0 for i in names}
        if numbers is None
        else {_text(i): _number(v) for i, v in zip(names, numbers[draw], strict=True)}
        for draw, names in by_draw.items()
    }
    return Column(_text(found["role"]), _text(found["on"]), values, items, averaged=numbers is not None)


def _listed(columns: Mapping[str, Column]) -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    """Return lists of items by place and draw, each once however many columns have it, and the place of each column."""
    listed: dict[str, dict[str, list[str]]] = {}
    places = {}
    for name, column in columns.items():
        ids = {draw: sorted(items) for draw, items in column.items.items()}
        places[name] = column.on if listed.setdefault(column.on, ids) == ids else f"{column.on} of {name}"
        listed[places[name]] = ids
    return listed, places


def _once(draws: Mapping[str, list[str]]) -> Any:
    """Return one list where every draw has the same items."""
    lists = list(draws.values())
    return lists[0] if all(ids == lists[0] for ids in lists) else dict(draws)


def _laid_out(value: Any, depth: int = 0) -> str:
    """Return JSON in which mappings have a line for each key, and lists one line."""
    if not isinstance(value, Mapping) or not value:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    pad = " " * (depth + 1)
    lines = [
        f"{pad}{json.dumps(key, ensure_ascii=False)}: {_laid_out(inner, depth + 1)}" for key, inner in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is no text"
        raise TypeError(msg)
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{value!r} is no number"
        raise TypeError(msg)
    return float(value)


def _no_number(text: str) -> float:
    msg = f"{text} is no number"
    raise ValueError(msg)
