"""Where in the user's input something stands, and what is wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fairforget.errors import FairforgetError

KeyPath = tuple[str | int, ...]
"""Keys and positions from the top of a file, for example ``("methods", 2, "beta")``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, or a setting of the command line."""

    source: str
    """The file as the user named it, or ``--set key=value``."""
    key_line: int | None = None
    value_line: int | None = None

    def text(self, *, key: bool) -> str:
        """Return what a message begins with; `key` says whether the key or its value is meant."""
        line = self.key_line if key else self.value_line
        return self.source if line is None else f"{self.source}:{line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file."""

    path: KeyPath
    message: str
    at_key: bool = False
    """The key itself is wrong, not its value."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where every value of a study was given."""

    known: Mapping[KeyPath, Place] = field(default_factory=dict)
    before: KeyPath = ()
    """Where in its file the study stands, if that holds more than the study."""

    def at(self, path: KeyPath) -> Place | None:
        """Return the place of a value, or of the nearest one it would be inside."""
        for end in range(len(path), -1, -1):
            if (place := self.known.get(path[:end])) is not None:
                return place
        return None

    def moved(self, path: KeyPath, place: Place) -> Places:
        """Return these places with `path`, all inside it, and what is made on the way to it, given at `place`."""
        kept = {p: known for p, known in self.known.items() if p[: len(path)] != path}
        made = {p: place for p in _ancestors(path) if p not in kept}
        return replace(self, known=kept | made)

    def message(self, fault: Fault) -> str:
        """Return one line: place, key, and what is wrong."""
        place = self.at(fault.path)
        where = "" if place is None else f"{place.text(key=fault.at_key and fault.path in self.known)}: "
        path = fault.path if place is None or place.key_line is None else (*self.before, *fault.path)
        return f"{where}{dotted(path) + ': ' if path else ''}{fault.message}"

    def error(self, faults: Iterable[Fault]) -> StudyError:
        """Return the error that lists all faults, in the order of the file, those of the command line last."""
        order = list(self.known)

        def rank(fault: Fault) -> tuple[int, int, int]:
            place = self.at(fault.path)
            if place is None or place.key_line is None:
                near = next((p for p in _ancestors(fault.path) if p in self.known), ())
                return (1, 0, order.index(near) if near in self.known else 0)
            line = place.key_line if fault.at_key else place.value_line
            return (0, line or place.key_line, 0)

        return StudyError([self.message(fault) for fault in sorted(faults, key=rank)])


class StudyError(FairforgetError):
    """A study file is wrong; one line for each fault."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(dict.fromkeys(messages))
        super().__init__("\n".join(self.messages))


def dotted(path: KeyPath) -> str:
    """Return ``methods.2.beta``; keys with unusual characters are quoted, so that the text stays one plain line."""
    return ".".join(k if isinstance(k, str) and re.fullmatch(r"[\w-]+", k) else repr(k) for k in path)


def shown(value: Any, most: int = 60) -> str:
    """Return a value as a message shows it, on one line."""
    if isinstance(value, str):
        return f"the text {shortened(repr(value), most)}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "null"
    return shortened(str(value).lower() if isinstance(value, bool) else str(value), most)


def shortened(text: str, most: int) -> str:
    """Return at most `most` characters of `text`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _ancestors(path: KeyPath) -> Iterable[KeyPath]:
    return (path[:end] for end in range(len(path), -1, -1))
