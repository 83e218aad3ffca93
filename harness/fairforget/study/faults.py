"""pydantic's errors in the words of a study file."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from fairforget.errors import did_you_mean
from fairforget.study.places import Fault, KeyPath, dotted, shown

KINDS_OF_VALUE: Final = {
    "int_type": "must be an integer",
    "float_type": "must be a number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "none_required": "must be null",
    "finite_number": "must be a finite number",
    "path_type": "must be a path",
}


def faults_of(error: ValidationError, model: type[BaseModel], before: KeyPath = ()) -> list[Fault]:
    """Return one fault for each thing that is wrong.

    Args:
        error: what pydantic found.
        model: what it validated.
        before: where in the file the validated mapping stands.
    """
    grouped: dict[KeyPath, list[Fault]] = {}
    for details in error.errors(include_url=False):
        path, union = _in_the_file(model, tuple(details["loc"]))
        fault = _fault(details, path, model, before)
        # Of a union pydantic reports every alternative; they are one fault.
        grouped.setdefault(union if union is not None else (*path, fault.message), []).append(fault)
    faults = [joined(found) for found in grouped.values()]
    # A list whose entries are wrong is also said to be too short.
    deeper = {fault.path[:end] for fault in faults for end in range(len(fault.path))}
    return [fault for fault in faults if not (fault.message.startswith("must have at least") and fault.path in deeper)]


def describe(details: Mapping[str, Any]) -> str:
    """Return what is wrong with a value: what it must be, and what it is."""
    kind, value = details["type"], details["input"]
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind == "literal_error":
        expected = _as_in_yaml(str(details["ctx"]["expected"]))
        near = (
            difflib.get_close_matches(value, re.findall(r"'([^']*)'", expected), n=1) if isinstance(value, str) else []
        )
        return f"must be {expected}, not {shown(value)}" + (f". Did you mean {near[0]!r}?" if near else "")
    if kind == "too_short":
        return f"must have at least {_entries(details['ctx']['min_length'])}"
    if kind == "too_long":
        return f"must be a list of at most {_entries(details['ctx']['max_length'])}, not {_list_of(value)}"
    if kind == "missing":
        return "is missing"
    if kind == "string_too_short":
        return "must not be empty"
    text = KINDS_OF_VALUE.get(kind) or str(details["msg"]).replace("Input should", "must").replace(
        "String should", "must"
    )
    # pydantic writes a bound of 1e60 with all its noughts.
    text = re.sub(r"\d{17,}", lambda digits: f"{float(digits[0]):g}", text)
    return f"{text}, not {shown(value)}"


def _fault(details: Any, path: KeyPath, model: type[BaseModel], before: KeyPath) -> Fault:
    if details["type"] == "extra_forbidden":
        key = str(path[-1])
        known = allowed_keys(model, path[:-1])
        return Fault(
            (*before, *path), f"unknown key. {did_you_mean(key, known, most=30, heading='Allowed')}", at_key=True
        )
    if details["type"] == "missing" and isinstance(path[-1], int):
        path = path[:-1]
    if details["type"] in {"missing", "too_long"} and (wanted := _length(model, path)) is not None:
        return Fault((*before, *path), f"must be a list of {_entries(wanted)}, not {_list_of(details['input'])}")
    if details["type"] == "missing":
        what = dotted(path[-1:])
        return Fault((*before, *path[:-1]), f"the key {what} is missing")
    if not path and not before and details["type"] == "model_type":
        return Fault((), f"a study is a mapping of keys, not {shown(details['input'])}")
    return Fault((*before, *path), describe(details))


def joined(found: list[Fault]) -> Fault:
    """Return one fault for the alternatives of a union: about what is inside the one whose form fitted, if one did."""
    deepest = max(len(fault.path) for fault in found)
    found = [fault for fault in found if len(fault.path) == deepest]
    wanted = dict.fromkeys(fault.message.rpartition(", not ")[0].removeprefix("must be ") for fault in found)
    if len(wanted) == 1 or "" in wanted:
        return found[0]
    value = found[0].message.rpartition(", not ")[2]
    return Fault(found[0].path, f"must be {' or '.join(wanted)}, not {value}")


def _in_the_file(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[KeyPath, KeyPath | None]:
    """Return where in the file an error is, and where the union stands that it is about one alternative of.

    pydantic puts the name of the alternative among the keys.
    """
    annotation: Any = model
    for i, part in enumerate(loc):
        inner = _inside(annotation, part)
        if inner is None and i and isinstance(part, str):
            return (*loc[:i], *loc[i + 1 :]), loc[:i]
        annotation = inner[0] if inner is not None else Any
    return loc, None


def allowed_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that the mapping at `path` may have."""
    annotation: Any = model
    for part in path:
        inner = _inside(annotation, part)
        if inner is None:
            return []
        annotation = inner[0]
    return [name for found in _models(annotation) for name in found.model_fields]


def _length(model: type[BaseModel], path: KeyPath) -> int | None:
    """Return how many entries the list at `path` has to have; None where that is open, or it is no list."""
    annotation: Any = model
    for part in path:
        inner = _inside(annotation, part)
        if inner is None:
            return None
        annotation = inner[0]
    of_tuples = [typing.get_args(found) for found in _alternatives(annotation) if typing.get_origin(found) is tuple]
    return next((len(parts) for parts in of_tuples if Ellipsis not in parts), None)


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _list_of(value: Any) -> str:
    return f"a list of {len(value)}" if isinstance(value, list | tuple) else shown(value)


def _as_in_yaml(expected: str) -> str:
    """Return what a literal may be, with YAML's words for those that Python spells otherwise."""
    words = {"True": "true", "False": "false", "None": "null"}
    return re.sub(r"'[^']*'|\b(?:True|False|None)\b", lambda found: words.get(found[0], found[0]), expected)


def _inside(annotation: Any, part: str | int) -> tuple[Any] | None:
    """Return the type of what stands under a key or at a position, in a tuple; None where the part is neither."""
    for found in _models(annotation):
        if isinstance(part, str):
            return (found.model_fields[part].annotation if part in found.model_fields else Any,)
    if isinstance(part, int):
        for found in _alternatives(annotation):
            if typing.get_origin(found) is tuple:
                return (typing.get_args(found)[0],)
    # Among several alternatives a text may also be the name that pydantic gives one of them.
    alone = [found for found in _alternatives(annotation) if found is not type(None)]
    if len(alone) == 1 and typing.get_origin(alone[0]) is dict and isinstance(part, str):
        return (typing.get_args(alone[0])[1],)
    return None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for found in _alternatives(annotation):
        if isinstance(found, type) and issubclass(found, BaseModel):
            yield found


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin in {typing.Union, types.UnionType}:
        for inner in typing.get_args(annotation):
            yield from _alternatives(inner)
    else:
        yield annotation
