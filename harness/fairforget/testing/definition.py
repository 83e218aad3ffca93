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
    """In kebab case; unique among the checks of a kind."""
    kinds: tuple[str, ...]
    """The kinds of plugin it is for, as in `fairforget.kinds.Kind`; ``distribution`` for one about discovery."""
    run: Callable[[Examined], None]
    """Returns where the plugin passes; raises `CheckFailed`, `NotApplicable` or `Skipped` otherwise."""

    @property
    def purpose(self) -> str:
        """What it asks, in one line."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]


def missing_dependency(error: BaseException, own: str = "") -> str | None:
    """Return which module is not installed, where that is what an error goes back to; None otherwise.

    Args:
        error: what was raised.
        own: the plugin's own module; that it is missing is no missing dependency.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            mine = cause.name.partition(".")[0] == own.partition(".")[0]
            return None if mine else f"the module {cause.name!r} is not installed"
        cause = cause.__cause__
    return None
