"""Code of another version: what a version lacks is imported from wherever it is installed, and must not be measured."""

from __future__ import annotations

import os
import sys

FOREIGN = "FAIRFORGET_SPEED_FOREIGN"
"""Folders with code of other versions, as in PATH."""
OWN = "FAIRFORGET_SPEED_OWN"
"""Folders that are no other version's although they may lie in one: this version's, and the tests."""


def foreign_module() -> str | None:
    """Return a module that was imported from the code of another version, with its file; None where there is none."""
    foreign = _folders(FOREIGN)
    own = [*_folders(OWN), *(os.path.realpath(prefix) for prefix in {sys.prefix, sys.base_prefix})]
    for name, module in sorted(sys.modules.items()) if foreign else ():
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and _below(file, foreign) and not _below(file, own):
            return f"{name} ({file})"
    return None


def _folders(variable: str) -> list[str]:
    return [os.path.realpath(folder) for folder in os.environ.get(variable, "").split(os.pathsep) if folder]


def _below(file: str, folders: list[str]) -> bool:
    real = os.path.realpath(file)
    return any(real.startswith(f"{folder}{os.sep}") for folder in folders)
