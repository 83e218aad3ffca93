"""Finding an entry by the name a user wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.kinds import KINDS, Kind, Problem, Registered
from fairforget.switches import DISABLE, same_distribution


class UnknownName(FairforgetError):
    """Nothing of the wanted kind is called so."""


class AmbiguousName(FairforgetError):
    """Several distributions have a bare name."""


def matches(entry: Registered, name: str) -> bool:
    """Return whether `name`, bare or as ``distribution/name``, is this entry's.

    Names are compared exactly; distributions as pip does, without regard to case and to ``-_.``.
    """
    dist, slash, bare = name.rpartition("/")
    return entry.name == bare and (not slash or same_distribution(entry.dist, dist))


def find(
    entries: Sequence[Registered],
    kind: Kind,
    name: str,
    problems: Sequence[Problem] = (),
    disabled: Sequence[str] = (),
) -> Registered:
    """Return the one entry of `kind` that `name` stands for.

    Raises:
        UnknownName: there is none.
        AmbiguousName: there are several.
    """
    if kind not in KINDS:
        msg = f"{kind!r} is not a kind of plugin. {did_you_mean(str(kind), KINDS)}"
        raise ValueError(msg)
    mine = [entry for entry in entries if entry.kind == kind]
    fitting = [entry for entry in mine if matches(entry, name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choices = " or ".join(repr(entry.canonical) for entry in fitting)
        msg = f"The name {name!r} is ambiguous: {len(fitting)} distributions have such a {kind}. Write {choices}."
        raise AmbiguousName(msg)
    parts = [f"Unknown {kind} {name!r}. {_guess(mine, name)}"]
    if others := sorted({entry.kind for entry in entries if matches(entry, name)}):
        parts.append(f"({name!r} is the name of a {' and a '.join(others)}.)")
    if problems:
        failed = "; ".join(f"{problem.plugin} ({problem.error})" for problem in problems)
        parts.append(f"Plugins that did not load: {failed}. 'fairforget plugins doctor' says more.")
    if disabled:
        parts.append(f"Switched off by {DISABLE}: {', '.join(disabled)}.")
    raise UnknownName(" ".join(parts))


def _guess(mine: Sequence[Registered], name: str) -> str:
    bare = [entry.name for entry in mine]
    choices = [entry.canonical if "/" in name or bare.count(entry.name) > 1 else entry.name for entry in mine]
    # Names are lower case with hyphens; guess what was meant by "GradAscent" or "grad_ascent" from that spelling.
    hyphened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", name)
    return did_you_mean(hyphened.lower(), choices)
