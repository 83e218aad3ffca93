"""Relative paths in a claim file: from its folder, and not out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairforget.study.load import anchored
from fairforget.study.places import Fault, KeyPath, shortened


def confined(value: Any, folder: Path, root: Path, before: KeyPath = ()) -> tuple[Any, list[Fault]]:
    """Return plain data with its relative paths made absolute, and the ones that lead elsewhere.

    Args:
        value: of a YAML file; a text in it that starts with ``./`` or ``../`` is a path.
        folder: where they start.
        root: the folder they have to stay in, links followed.
        before: where in the file the data stands.
    """
    faults = [
        Fault(
            path,
            f"{shortened(repr(text), 80)} leads out of the folder {root}; a path in a claim stays where the claim lies",
        )
        for path, text in _texts(value, before)
        if (made := anchored(text, folder)) != text and not _inside(made, root)
    ]
    return anchored(value, folder), faults


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, key))


def _inside(path: str, root: Path) -> bool:
    # As a text, because pathlib stumbles over links that lead in a circle.
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
