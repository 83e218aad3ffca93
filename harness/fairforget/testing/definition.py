"""What a check is, and how it ends."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairforget.testing.case import Case
    from fairforget.testing.examined import Examined


class CheckFailed(AssertionError):
    """The plugin does not keep to the contract."""

    def __init__(self, message: str, case: Case | None = None) -> None:
        super().__init__(message)
        self.case = case
        """The smallest cell that shows it; None where no cell is needed."""


class NotApplicable(Exception):
    """The check says nothing about this plugin; the message says why."""


class Skipped(Exception):
    """The check could not be made here: something is missing that has nothing to do with the plugin's contract."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named question to a plugin."""

    name: str
    """In kebab case; unique among all checks."""
    kinds: tuple[str, ...]
    """The kinds of plugin it is for, as in `fairforget.kinds.Kind`; ``distribution`` for one about discovery."""
    run: Callable[[Examined], None]
    """Returns where the plugin passes; raises `CheckFailed`, `NotApplicable` or `Skipped` otherwise."""

    @property
    def purpose(self) -> str:
        """What it asks, in one line."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]
