"""Packages that are verbs too."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class VerbRoom(ModuleType):
    """A package that can be called.

    ``fairforget.run(…)``, ``fairforget.board(…)`` and ``fairforget.compare(…)`` are calls of `fairforget.verbs`, and
    packages of those names are put there by their import: so the packages answer the calls.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the verb of the package's name."""
        from fairforget import verbs

        return getattr(verbs, self.__name__.rpartition(".")[2])(*args, **kwargs)


def make_callable(package: str) -> None:
    """Let the imported `package` be called."""
    sys.modules[package].__class__ = VerbRoom
