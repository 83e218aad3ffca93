"""Foreign JSON: looked at before it is believed, with messages that name file and place."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.store.strict_json import MAX_BYTES, MAX_DIGITS

MAX_ITEMS: Final = 5_000
"""Questions in one part of a file."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where a number can lie."""

    least: float
    most: float
    what: str
    """The range in words, for a message."""


LOSS: Final = Range(0, math.inf, "a loss is 0 or greater")
SHARE: Final = Range(0, 1, "it lies between 0 and 1")
ROUNDING: Final = 1e-6
"""A loss of 0 that was computed in single precision may be written as slightly less."""


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file that holds a JSON object."""

    path: Path
    content: Mapping[str, Any]
    digest: str
    """SHA-256 (hex) of its bytes."""

    def wrong(self, fault: str) -> FairforgetError:
        """Return the error that names the file and says the fault."""
        return FairforgetError(f"{self.path}: {fault}")


def read_json(path: Path) -> JsonFile:
    """Read a JSON object. NaN and infinities are read, for a broken model has them and Python writes them.

    Raises:
        FairforgetError: no regular file, too large, no JSON, a key twice, or no object.
    """
    try:
        if not path.is_file():
            raise FairforgetError(f"{path}: {'is no regular file' if path.exists() else 'there is no such file'}")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FairforgetError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise FairforgetError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB")
    try:
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_distinct, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise FairforgetError(f"{path}: not UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise FairforgetError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise FairforgetError(f"{path}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise FairforgetError(f"{path}: a JSON object is expected, not {kind(found)}")
    return JsonFile(path, found, hashlib.sha256(raw).hexdigest())


def mapping(file: JsonFile, found: Any, where: str) -> Mapping[str, Any]:
    """Return `found` if it is a JSON object.

    Raises:
        FairforgetError: it is not.
    """
    if not isinstance(found, dict):
        raise file.wrong(f"{where} is {kind(found)}, not an object")
    return found


def numbered(file: JsonFile, found: Any, where: str) -> dict[int, Any]:
    """Return the values of an object whose keys are the numbers of questions, in their order.

    Raises:
        FairforgetError: no object, an empty one, too many keys, or a key that is no number.
    """
    values: dict[int, Any] = {}
    for key, value in mapping(file, found, where).items():
        if not key.isascii() or not key.isdigit() or len(key) > 9:
            raise file.wrong(f"{where} has the key {key[:60]!r}, which is not the number of a question")
        if int(key) in values:
            raise file.wrong(f"{where} has question {int(key)} twice")
        values[int(key)] = value
    if not values:
        raise file.wrong(f"{where} is empty")
    if len(values) > MAX_ITEMS:
        raise file.wrong(f"{where} has more than {MAX_ITEMS:,} questions")
    return dict(sorted(values.items()))


def number(file: JsonFile, found: Any, where: str, within: Range | None = None) -> float | None:
    """Return a number, NaN for one that is not finite, None for null.

    Raises:
        FairforgetError: it is something else, or lies outside of the range.
    """
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise file.wrong(f"{where} is {kind(found)}, not a number")
    if not math.isfinite(found):
        return math.nan
    if within is not None and not within.least - ROUNDING <= found <= within.most + ROUNDING:
        raise file.wrong(f"{where} is {float(found):g}, and {within.what}")
    return float(found)


def numbers(file: JsonFile, found: Any, where: str, within: Range | None = None) -> tuple[float, ...] | None:
    """Return a list of numbers, None for null or where one of them is null.

    Raises:
        FairforgetError: it is something else, the list is empty, or a number lies outside of the range.
    """
    if found is None:
        return None
    if not isinstance(found, list):
        raise file.wrong(f"{where} is {kind(found)}, not a list of numbers")
    if not found:
        raise file.wrong(f"{where} is an empty list")
    values = [number(file, one, f"{where}[{i}]", within) for i, one in enumerate(found)]
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else None


def text(found: Any) -> str | None:
    """Return a text, None for anything else: texts are for recognising a question, no score depends on them."""
    if not isinstance(found, str) or not found.strip():
        return None
    try:
        found.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return None
    return found


def kind(found: Any) -> str:
    """Return what a JSON value is, in a word."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "missing"}
    return names.get(type(found), "a number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
