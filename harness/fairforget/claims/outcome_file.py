"""Outcomes of claims as a file: the same bytes from the same outcomes, and read back with care."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from fairforget.claims.outcome import Cost, Judged, OnTarget, Outcome
from fairforget.claims.values import Effect, Verdict
from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_text
from fairforget.store.jsonable import jsonable
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse

SCHEMA: Final = 1
NAME: Final = "claims.json"
_INFINITE: Final = {"inf": math.inf, "-inf": -math.inf}
"""An interval may have no end; JSON has no word for it."""
_VERDICTS: Final[tuple[Verdict, ...]] = ("supported", "contradicted", "undecided")

T = TypeVar("T")


class OutcomesUnusable(FairforgetError):
    """A file of outcomes is not used; the message says why."""


def write_outcomes(out: Path, outcomes: Iterable[Outcome]) -> Path:
    """Write ``OUT/claims.json``, whole or not at all, in the order of the claims' names.

    A number of a figure that JSON does not have becomes null. Nothing in the file says when it was written or where.

    Raises:
        FairforgetError: it cannot be written.
    """
    ordered = sorted(outcomes, key=lambda outcome: by_number(outcome.claim))
    whole = {"schema": SCHEMA, "claims": [outcome_json(outcome) for outcome in ordered]}
    path = out / NAME
    write_text(path, json.dumps(whole, indent=1, ensure_ascii=True, allow_nan=False) + "\n")
    return path


def read_outcomes(out: Path) -> tuple[Outcome, ...]:
    """Read ``OUT/claims.json``, or the file itself.

    Raises:
        OutcomesUnusable: there is none, or it is not what `write_outcomes` writes; the message says in what.
    """
    path = out / NAME if out.is_dir() else out
    try:
        found = parse(read_regular(path, MAX_BYTES))
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror or error}", error)
    except NotJson as error:
        _refuse(path, str(error), error)
    if not isinstance(found, dict) or type(found.get("schema")) is not int or found["schema"] != SCHEMA:
        _refuse(path, f"has not the schema {SCHEMA}")
    try:
        outcomes = tuple(outcome_from_json(one) for one in _items(found["claims"]))
    except (KeyError, TypeError, ValueError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        _refuse(path, f"is no file of outcomes: {why[:200]}", error)
    if len({outcome.claim for outcome in outcomes}) < len(outcomes):
        _refuse(path, "has a claim twice")
    return outcomes


def by_number(name: str) -> tuple[tuple[str, int], ...]:
    """Return a key that sorts ``c2`` before ``c10``."""
    return tuple((text, int(digits or -1)) for text, digits in re.findall(r"([^0-9]*)([0-9]{0,9})", name))


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return the form of an outcome in the file."""
    cost = outcome.cost
    return {
        "claim": outcome.claim,
        **_judged_json(outcome.judged),
        "controls": {name: _judged_json(judged) for name, judged in outcome.controls.items()},
        "targets": [
            {
                "target": one.target,
                **_judged_json(one.judged),
                "controls": {name: _judged_json(judged) for name, judged in one.controls.items()},
            }
            for one in outcome.targets
        ],
        "notes": list(outcome.notes),
        "cost": {name: getattr(cost, name) for name in cost.__slots__},
        "units_to_decide": outcome.units_to_decide,
    }


def outcome_from_json(found: Any) -> Outcome:
    """Return the outcome that `outcome_json` wrote.

    Raises:
        KeyError: a part is missing.
        TypeError: a part is of another type.
        ValueError: a part has a value that it cannot have.
    """
    whole = _mapping(found)
    cost = _mapping(whole["cost"])
    cells, missing, failed = (_count(cost[name]) for name in ("cells", "missing", "failed"))
    equivalents, seconds = (_amount(cost[name]) for name in ("forward_equivalents", "seconds"))
    units = whole["units_to_decide"]
    return Outcome(
        claim=_text(whole["claim"]),
        judged=_judged(whole),
        controls=_each(whole["controls"], _judged),
        targets=tuple(
            OnTarget(_text(one["target"]), _judged(one), _each(one["controls"], _judged))
            for one in map(_mapping, _items(whole["targets"]))
        ),
        notes=tuple(map(_text, _items(whole["notes"]))),
        cost=Cost(cells, missing, failed, equivalents, seconds),
        units_to_decide=None if units is None else _count(units),
    )


def _judged_json(judged: Judged) -> dict[str, Any]:
    effect = judged.effect
    numbers = {name: _number_json(getattr(effect, name)) for name in ("value", "low", "high")}
    said = {"n": effect.n, "unit": effect.unit, "level": effect.level, "problem": effect.problem}
    return {"verdict": judged.verdict, "effect": {**numbers, **said, "figure": jsonable(effect.figure)[0]}}


def _judged(found: Mapping[str, Any]) -> Judged:
    effect, verdict = _mapping(found["effect"]), found["verdict"]
    if verdict not in _VERDICTS:
        msg = f"{str(verdict)[:40]!r} is no verdict"
        raise ValueError(msg)
    value, low, high = (_number(effect[name]) for name in ("value", "low", "high"))
    level, problem = _amount(effect["level"]), effect["problem"]
    return Judged(
        Effect(
            value,
            low,
            high,
            _count(effect["n"]),
            _text(effect["unit"]),
            level,
            None if problem is None else _text(problem),
            _mapping(effect["figure"]),
        ),
        verdict,
    )


def _number_json(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return str(float(value)) if math.isinf(value) else float(value)


def _number(found: Any) -> float:
    if found is None:
        return math.nan
    if isinstance(found, str) and found in _INFINITE:
        return _INFINITE[found]
    return float(_real(found))


def _amount(found: Any) -> float:
    if _real(found) < 0:
        msg = f"{found} is negative"
        raise ValueError(msg)
    return float(found)


def _count(found: Any) -> int:
    if type(found) is not int or found < 0:
        msg = f"{str(found)[:40]} is no number 0, 1, …"
        raise ValueError(msg)
    return found


def _real(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        msg = f"{str(found)[:40]!r} is no number"
        raise TypeError(msg)
    return found


def _text(found: Any) -> str:
    if not isinstance(found, str):
        msg = f"{str(found)[:40]!r} is no text"
        raise TypeError(msg)
    return found


def _items(found: Any) -> list[Any]:
    if not isinstance(found, list):
        msg = f"{str(found)[:40]!r} is no list"
        raise TypeError(msg)
    return found


def _mapping(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        msg = f"{str(found)[:40]!r} is no object"
        raise TypeError(msg)
    return found


def _each(found: Any, read: Callable[[Mapping[str, Any]], T]) -> dict[str, T]:
    return {name: read(_mapping(one)) for name, one in _mapping(found).items()}


def _refuse(path: Path, reason: str, error: BaseException | None = None) -> NoReturn:
    msg = f"{path} {reason}"
    raise OutcomesUnusable(msg) from error
