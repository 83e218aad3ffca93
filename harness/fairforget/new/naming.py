"""What a new plugin and everything about it are called."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import keyword
import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import short

if TYPE_CHECKING:
    from fairforget.registry import Registry

NewKind = Literal["method", "sampler", "task", "difficulty", "metric", "curriculum"]

NEW_KINDS: Final[tuple[NewKind, ...]] = get_args(NewKind)

LONGEST: Final = 40
"""Characters of a name; the lines that have it in the templates stay short enough for a formatter."""
PREFIX: Final = "fairforget-"


@dataclass(frozen=True, slots=True)
class Names:
    """One name in the spellings that a distribution needs."""

    kind: NewKind
    name: str
    """In study files and on boards: ``half-asleep``."""

    @property
    def dist(self) -> str:
        """Of the distribution, as PEP 503 has it: ``fairforget-half-asleep``."""
        return f"{PREFIX}{self.name}"

    @property
    def module(self) -> str:
        """Of the module: ``fairforget_half_asleep``."""
        return self.dist.replace("-", "_")

    def cls(self, taken: Container[str] = ()) -> str:
        """Return the name of the class, ``HalfAsleep``; with the kind in it where another has or claims it.

        Args:
            taken: names that the module uses for other things; beside them, Python and pytest have theirs.
        """
        camel = "".join(part.capitalize() for part in self.name.split("-"))
        if camel[0].isdigit() or camel.startswith("Test"):  # pytest takes what begins so for a class of tests
            return f"{self.kind.capitalize()}{camel}"
        return f"{camel}{self.kind.capitalize()}" if keyword.iskeyword(camel) or camel in taken else camel


def kind(text: str) -> NewKind:
    """Return the kind of plugin that the user calls `text`.

    Raises:
        FairforgetError: there is none, or none that is written for anybody.
    """
    for known in NEW_KINDS:
        if known == text:
            return known
    msg = f"a new {short(text)} cannot be written for you. {did_you_mean(text.lower(), NEW_KINDS)}"
    raise FairforgetError(msg)


def names(kind: NewKind, text: str) -> Names:
    """Return the names of a new plugin that the user calls `text`, bare or as the distribution: ``fairforget-sleepy``.

    Raises:
        FairforgetError: no plugin could be called so; the message has the nearest name that one could.
    """
    bare = text.removeprefix(PREFIX)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", bare):
        near = _near(bare, kind)
        mend = f"; write {near!r}" if near else ""
        msg = f"{short(text)} is no name for a {kind}: it has lower-case letters, digits and single hyphens{mend}"
        raise FairforgetError(msg)
    if len(bare) > LONGEST:
        msg = f"{short(bare)} is too long for a name: {len(bare)} characters, at most {LONGEST}"
        raise FairforgetError(msg)
    if not _plain_in_yaml(bare):
        msg = (
            f"{short(bare)} is no name for a {kind}: in a study file, YAML takes it for something else than a name; "
            f"write {_near(bare, kind)!r}"
        )
        raise FairforgetError(msg)
    return Names(kind, bare)


def _near(text: str, kind: NewKind) -> str:
    """Return the text as a name may be written, or nothing where there is nothing to write."""
    # Letters and their accents apart, so that the letters stay.
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    hyphened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", bare)
    near = re.sub(r"[^a-z0-9]+", "-", hyphened.lower()).strip("-")[:LONGEST].strip("-")
    if not near or _plain_in_yaml(near):
        return near
    return f"{near[: LONGEST - len(kind) - 1]}-{kind}"


def _plain_in_yaml(text: str) -> bool:
    """Return whether every reader of YAML takes the text for itself: not ``null``, ``no``, ``007`` or ``1e3``."""
    from fairforget.study.yaml_core import to_yaml

    return to_yaml([text]) == f"- {text}\n"


def shared(wanted: Names, registry: Registry) -> bool:
    """Return whether a plugin of another kind has the name, so that commands for all kinds have to be told which."""
    return any(entry.name == wanted.name and entry.kind != wanted.kind for entry in registry.entries())


def check_free(wanted: Names, registry: Registry) -> None:
    """Find out whether the names are free in this environment.

    Raises:
        FairforgetError: a plugin of the kind, a distribution or a module is called so already.
    """
    for entry in registry.entries(wanted.kind):
        if entry.name == wanted.name:
            msg = (
                f"there is a {wanted.kind} {wanted.name!r} already, of {entry.dist} {entry.version}; a second one "
                "could only be named in full in every study. Choose another name"
            )
            raise FairforgetError(msg)
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found = importlib.metadata.version(wanted.dist)
        msg = f"{wanted.dist} {found} is installed already; choose another name, or uninstall it first"
        raise FairforgetError(msg)
    if (spec := importlib.util.find_spec(wanted.module)) is not None:
        where = spec.origin or "a folder without __init__.py"
        msg = f"a module {wanted.module!r} can be imported already ({where}); choose another name"
        raise FairforgetError(msg)
