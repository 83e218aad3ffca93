"""The folder of a model: a template, filled in, that does not lead anywhere else."""

from __future__ import annotations

import os
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import expanded, lies_at, short

if TYPE_CHECKING:
    from fairforget.api import Wanted

PLACES: Final = ("digest", "stratum", "draw", "seed")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What may take a place: a name of one folder, on every system."""


def check_template(template: str) -> None:
    """Find out whether folders can be made of a template.

    Raises:
        ValueError: it is empty, its braces do not match, or it has a place that nothing can take.
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        msg = f"path {template!r} is no template: {error}; write a brace that is meant as one twice"
        raise ValueError(msg) from error
    if not template.strip() or "\0" in template:
        msg = "path names no folder"
        raise ValueError(msg)
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in PLACES:
            msg = f"path {template!r} has an unknown place {{{name}}}. {did_you_mean(name, PLACES)}"
            raise ValueError(msg)
        if form or conversion:
            msg = f"path {template!r}: write {{{name}}} alone, without a form"
            raise ValueError(msg)


def fields_of(template: str) -> set[str]:
    """Return the places of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def root_of(template: str) -> Path:
    """Return the folder that all folders of a template lie in: what stands before its first place."""
    before = ""
    for text, name, _, _ in string.Formatter().parse(template):  # a brace that is meant as one ends a part, too
        before += text
        if name is not None:
            return expanded(before + "x").parent  # so that a separator at the end counts
    return expanded(before)


def folder_of(template: str, wanted: Wanted) -> Path:
    """Return the folder of the model that is wanted.

    Raises:
        FairforgetError: it does not exist, or lies outside of `root_of`.
    """
    values = {name: str(getattr(wanted, name)) for name in PLACES}
    for name in sorted(fields_of(template)):
        if _PLAIN.fullmatch(values[name]) is None:
            msg = (
                f"the {name} {values[name][:60]!r} can be no name of a folder; write {{digest}} in place of {{{name}}}"
            )
            raise FairforgetError(msg)
    folder = expanded(template.format(**values))
    if lies_at(folder) != "folder":
        msg = (
            f"there is no folder {short(folder)}; the model of this draw belongs there. Where not every draw has one, "
            "give the method fewer of them (draws: N)"
        )
        raise FairforgetError(msg)
    if not folder.resolve().is_relative_to(root_of(template).resolve()):
        msg = f"{short(folder)} leads out of {short(root_of(template))}; put the model itself there"
        raise FairforgetError(msg)
    return folder


def own_file(folder: Path, name: str) -> Path | None:
    """Return a file of a folder, or None where there is none.

    Raises:
        FairforgetError: it is no regular file, or a link that leads out of the folder.
    """
    path = folder / name
    there = lies_at(path)
    if there is None and not os.path.islink(path):  # noqa: PTH114 - a name that is too long is no link, and no error
        return None
    if there != "file" or not path.resolve().is_relative_to(folder.resolve()):
        msg = f"{short(path)} is no file of its own folder; copy the file there"
        raise FairforgetError(msg)
    return path
