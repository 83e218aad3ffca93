"""What a board file says of the board that is made by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """The head of a board that has a file."""

    name: str
    title: str
    summary: str | None
    asks: tuple[str, ...]
    """What a row needs to be ranked, a sentence each."""
