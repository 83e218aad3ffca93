"""One row of a data set, which knows where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairforget.errors import FairforgetError, did_you_mean

_HALF: Final = "holds half a character (a lone surrogate, as \\ud83d); repair or remove it"


@dataclass(frozen=True, slots=True)
class Row:
    """Values by key, with the place to name when one of them is wrong."""

    where: str
    """``FILE, row N``; rows count from 1, a header not counted."""
    values: Mapping[str, Any]

    def text(self, key: str, *, empty: bool = False) -> str:
        """Return the text under `key`.

        Args:
            key: name of the field.
            empty: whether a text without anything but space is accepted.

        Raises:
            FairforgetError: it is missing, no text, or empty.
        """
        self.present(key)
        found = self.values[key]
        if not isinstance(found, str):
            raise self.error(key, f"is {_kind(found)}, not text")
        if _broken(found):
            raise self.error(key, _HALF)
        if not empty and not found.strip():
            raise self.error(key, "is empty; give it a text, or take the row out")
        return found

    def texts(self, key: str, *, empty: bool = False) -> tuple[str, ...]:
        """Return the list of texts under `key`; none where it is missing or null.

        Args:
            key: name of the field.
            empty: whether texts without anything but space are accepted.

        Raises:
            FairforgetError: it is no list of texts, or one of them is empty.
        """
        found = self.values.get(key)
        if found is None:
            return ()
        if isinstance(found, str) or not isinstance(found, Sequence) or not all(isinstance(t, str) for t in found):
            raise self.error(key, "is no list of texts")
        if any(map(_broken, found)):
            raise self.error(key, _HALF)
        if not empty and not all(map(str.strip, found)):
            raise self.error(key, "has an empty text; give it a text, or take it out")
        return tuple(found)

    def present(self, key: str) -> None:
        """Check that there is something under `key`.

        Raises:
            FairforgetError: there is not; the message says what there is.
        """
        if key not in self.values:
            raise FairforgetError(f"{self.where}: key {key!r} is missing. {did_you_mean(key, self.values)}")

    def error(self, key: str, what: str) -> FairforgetError:
        """Return the error to raise for the value under `key`."""
        return FairforgetError(f"{self.where}: key {key!r} {what}")


def _broken(text: str) -> bool:
    # JSON can write half a character as \ud83d, which no file and no tokenizer takes.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
