"""Whoever wants to be told how a study goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol


class Seen(NamedTuple):
    """How far a piece of work is that says so."""

    done: int
    total: int
    what: str
    """What is counted, for example updates."""
    left: float | None
    """Seconds left; None where that is not known."""


Look = Callable[[], Seen | None]
"""Looks how far the work of a stage is; None where nobody says. Called from any thread; costs no more than a file."""


class Watcher(Protocol):
    """Shows progress; told by `fairforget.run.study.run_study`, in its process and from one thread."""

    def stage(self, text: str, look: Look | None = None) -> None:
        """Say what is done now, for example that the target is trained; `look` tells how far that is."""

    def note(self, text: str) -> None:
        """Pass on a line the user should read: advice of a sampler, a record that was not used."""

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Say that a part of several begins, for example ``study 3 of 12``; a run of one study has none.

        Args:
            text: which part.
            whole: seconds of this part and those after it; None where that is not known.
            later: of those after it alone.
            known: share of the rest of them all whose like has been seen.
        """

    def cells(self, total: int, done: int) -> None:
        """Say how many cells there are to have and how many of them are there already.

        Where a study is tuned, it is said for the trials of each round first, and for the cells of the study at last.
        """

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Say that this run's engine is at a cell; not of those that other runs of the study have.

        Args:
            key: of the cell.
            cell: its JSON form.
            expected: mean seconds of the cells of its kind so far; None before the first has ended.
        """

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Say that a cell has ended, here or in another run; ``record["key"]`` is its key.

        Args:
            cell: its JSON form.
            record: its record, or key, status ``lost`` and problems of a cell whose worker died.
            left: seconds to go, as if no cell had begun; None where that is not known.
            known: share of the rest that the estimate has seen the like of.
        """


class Silent:
    """Tells nobody."""

    def stage(self, text: str, look: Look | None = None) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Ignore."""

    def cells(self, total: int, done: int) -> None:
        """Ignore."""

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Ignore."""

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Ignore."""


class Both:
    """Tells two."""

    def __init__(self, first: Watcher, second: Watcher) -> None:
        self._two = (first, second)

    def stage(self, text: str, look: Look | None = None) -> None:
        """Pass on."""
        for one in self._two:
            one.stage(text, look)

    def note(self, text: str) -> None:
        """Pass on."""
        for one in self._two:
            one.note(text)

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Pass on."""
        for one in self._two:
            one.part(text, whole, later, known)

    def cells(self, total: int, done: int) -> None:
        """Pass on."""
        for one in self._two:
            one.cells(total, done)

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Pass on."""
        for one in self._two:
            one.started(key, cell, expected)

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Pass on."""
        for one in self._two:
            one.finished(cell, record, left, known)
