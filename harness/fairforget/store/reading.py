"""Records from disk. The files may come from anybody: nothing is believed before it was looked at."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from fairforget.store.parts import Parts
from fairforget.store.record import KEY, SCHEMA, Problem, Record, Rejected, Score
from fairforget.store.regular import NotRegular, read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse

_KNOWN: Final = frozenset("schema key cell status problems scores items item_hashes ledger environment".split())
_TEXT: Final = 10_000
"""Characters of a name that are still a name."""


class NotARecord(ValueError):
    """What was read is no record of a cell; the message is the reason."""


def read_record(path: Path, parts: Parts | None = None) -> Record | Rejected:
    """Read one file; whatever is wrong with it is a reason and never an exception.

    The file is a regular one and called by its key, which is that of its cell.

    Args:
        path: the file.
        parts: of the records read before, which share with this one what they have in common.
    """
    try:
        record = record_from_json(parse(read_regular(path, MAX_BYTES)), parts)
    except (NotARecord, NotJson) as error:
        return Rejected(path, str(error))
    except NotRegular:
        return Rejected(path, "not a regular file")
    except OSError as error:
        return Rejected(path, f"cannot be read: {error.strerror or error}")
    if f"{record.key}.json" != path.name:
        return Rejected(path, f"it holds the cell {record.key}, but a record is called by its key")
    return record


def read_ahead(path: Path | str) -> None:
    """Ask the system to have a file's content at hand soon; whatever is wrong with it is said when it is read."""
    if not hasattr(os, "posix_fadvise"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)


def record_from_json(found: Any, parts: Parts | None = None) -> Record:
    """Return the record that `Record.to_json` made `found` from; with `parts` its cell is made of shared objects.

    Raises:
        NotARecord: another schema, a part missing or of the wrong type, or a key that is not that of the cell.
    """
    from fairforget.study.cell import cell_key

    whole = _mapping(found, "the file")
    schema = whole.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        msg = f"its schema is {str(schema)[:40]!r}; this version reads {SCHEMA}"
        raise NotARecord(msg)
    key = _text(whole.get("key"), "key")
    if KEY.fullmatch(key) is None:
        msg = f"key {key[:60]!r} is not 24 hex digits"
        raise NotARecord(msg)
    cell = _cell(whole.get("cell"))
    try:
        cell = cell if parts is None else parts.cell(cell)
        computed = cell_key(cell) if parts is None else parts.key(cell)
    except ValueError as error:
        raise NotARecord(str(error)) from error
    if computed != key:
        msg = f"its key is {key}, but its cell has the key {computed}: the cell was edited, or made by another version"
        raise NotARecord(msg)
    problems = whole.get("problems")
    if not isinstance(problems, list):
        msg = "problems is no list"
        raise NotARecord(msg)
    return Record(
        key=key,
        cell=cell,
        status="ok" if _choice(whole.get("status"), "status", ("ok", "failed")) == "ok" else "failed",
        problems=tuple(_problem(problem, f"problems[{i}]") for i, problem in enumerate(problems)),
        scores={c: _score(s, f"scores.{c[:60]}") for c, s in _mapping(whole.get("scores"), "scores").items()},
        items={c: _items(v, f"items.{c[:60]}") for c, v in _mapping(whole.get("items"), "items").items()},
        item_hashes=_texts(whole.get("item_hashes"), "item_hashes"),
        ledger=_mapping(whole.get("ledger"), "ledger"),
        environment=_mapping(whole.get("environment"), "environment"),
        extra={name: value for name, value in whole.items() if name not in _KNOWN},
    )


def _cell(found: Any) -> dict[str, Any]:
    """Return the cell if it has what boards and tables look at."""
    cell = _mapping(found, "cell")
    task, target = _mapping(cell.get("task"), "cell.task"), _mapping(cell.get("target"), "cell.target")
    draw, method = _mapping(cell.get("draw"), "cell.draw"), _mapping(cell.get("method"), "cell.method")
    sampler = _mapping(draw.get("sampler"), "cell.draw.sampler")
    _text(task.get("name"), "cell.task.name")
    _integer(task.get("version"), "cell.task.version")
    _text(target.get("id"), "cell.target.id")
    _text(sampler.get("name"), "cell.draw.sampler.name")
    _text(draw.get("stratum"), "cell.draw.stratum")
    _text(draw.get("digest"), "cell.draw.digest")
    _integer(draw.get("index"), "cell.draw.index")
    _text(method.get("name"), "cell.method.name")
    _integer(cell.get("seed"), "cell.seed")
    forget = draw.get("forget")
    if not isinstance(forget, list) or not all(isinstance(name, str) for name in forget):
        msg = "cell.draw.forget is no list of sample ids"
        raise NotARecord(msg)
    if "curriculum" not in cell:
        msg = "cell.curriculum is missing; it is null where a cell has none"
        raise NotARecord(msg)
    if cell["curriculum"] is not None:
        _text(_mapping(cell["curriculum"], "cell.curriculum").get("name"), "cell.curriculum.name")
    for part in ("budget", "optimizer", "evaluation"):
        _mapping(cell.get(part), f"cell.{part}")
    return cell


def _score(found: Any, where: str) -> Score:
    score = _mapping(found, where)
    return Score(
        value=_number(score.get("value"), f"{where}.value"),
        n=_integer(score.get("n"), f"{where}.n"),
        role=_choice(score.get("role"), f"{where}.role", ("completeness", "utility", "diagnostic")),
        better=_choice(score.get("better"), f"{where}.better", ("higher", "lower", None)),
        average=_bool(score.get("average"), f"{where}.average"),
        view=_choice(score.get("view"), f"{where}.view", ("probability", "generation", None)),
        metric=_text(score.get("metric", ""), f"{where}.metric"),
        on=_text(score.get("on", ""), f"{where}.on"),
        complement=_bool(score.get("complement", False), f"{where}.complement"),
        excluded=_texts(score.get("excluded", {}), f"{where}.excluded"),
        details=_mapping(score.get("details", {}), f"{where}.details"),
        weigh_by=_choice(score.get("weigh_by", "columns"), f"{where}.weigh_by", ("columns", "items")),
    )


def _problem(found: Any, where: str) -> Problem:
    problem = _mapping(found, where)
    trace = problem.get("traceback")
    kind = _text(problem.get("kind"), f"{where}.kind")
    message = _text(problem.get("message"), f"{where}.message", most=None)
    return Problem(kind, message, None if trace is None else _text(trace, f"{where}.traceback", most=None))


def _items(found: Any, where: str) -> dict[str, float | None]:
    values = _mapping(found, where)
    # Nearly all of a record are these numbers, and nearly all of them are finite floats.
    if all(type(value) is float for value in values.values()) and all(map(math.isfinite, values.values())):
        return values
    return {name: _number(value, f"{where}.{name[:60]}") for name, value in values.items()}


def _mapping(found: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise NotARecord(_wrong(found, where, "an object"))
    return found


def _texts(found: Any, where: str) -> dict[str, str]:
    texts = _mapping(found, where)
    for name, value in texts.items():
        if type(value) is not str:
            _text(value, f"{where}.{name[:60]}", most=None)
    return texts


def _text(found: Any, where: str, *, most: int | None = _TEXT) -> str:
    if not isinstance(found, str):
        raise NotARecord(_wrong(found, where, "a text"))
    if most is not None and len(found) > most:
        msg = f"{where} has {len(found)} characters"
        raise NotARecord(msg)
    return found


def _number(found: Any, where: str) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise NotARecord(_wrong(found, where, "a number"))
    value = float(found)
    if not math.isfinite(value):
        msg = f"{where} is {found}"
        raise NotARecord(msg)
    return value


def _integer(found: Any, where: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise NotARecord(_wrong(found, where, "a number 0, 1, …"))
    return found


def _bool(found: Any, where: str) -> bool:
    if not isinstance(found, bool):
        raise NotARecord(_wrong(found, where, "true or false"))
    return found


def _choice(found: Any, where: str, allowed: Collection[Any]) -> Any:
    if not (found is None or isinstance(found, str)) or found not in allowed:
        raise NotARecord(_wrong(found, where, " or ".join("null" if name is None else repr(name) for name in allowed)))
    return found


def _wrong(found: Any, where: str, wanted: str) -> str:
    if found is None:
        return f"{where} is missing"
    shown = repr(found)[:40] if isinstance(found, str | int | float) else type(found).__name__
    return f"{where} is {shown}, not {wanted}"
