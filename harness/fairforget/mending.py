"""What to do about a plugin that did not load."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from typing import Final

import pluggy

from fairforget import hookspecs
from fairforget.candidates import Candidate
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.hookspecs import PROJECT
from fairforget.kinds import Registered
from fairforget.switches import normal
from fairforget.version import version

_SAYS: Final = f"The message says what to change; the contract is {PROJECT}.hookspecs."


def mend(candidate: Candidate, root: BaseException, entry: Registered | None = None) -> str:
    """Say what to do where a plugin, or what its `entry` points at, did not load; `root` was raised first."""
    if isinstance(root, ModuleNotFoundError) and root.name:
        return _missing(candidate, root.name, entry)
    if isinstance(root, ImportError) and (root.name or "").partition(".")[0] == PROJECT:
        return (
            f"It was written for another version of {PROJECT}: here is {version()}, and {candidate.dist} "
            f"{candidate.version} asks for {_requirement(candidate.dist)}. Install versions that go together."
        )
    if isinstance(root, ImportError):
        return f"{candidate.dist} needs another version of {root.name or 'what it imports'}; ask its author which."
    if isinstance(root, SyntaxError):
        return f"Mend the line. This is Python {platform.python_version()}; newer syntax does not work here."
    if isinstance(root, SystemExit):
        return "A module must not end the program when it is imported; put that under if __name__ == '__main__'."
    if isinstance(root, pluggy.PluginValidationError):
        return _arguments(str(root))
    if isinstance(root, FairforgetError):
        return _SAYS
    if isinstance(root, AttributeError) and root.name and candidate.value.endswith(f":{root.name}"):
        return f"The entry point '{candidate.entry_point} = {candidate.value}' names what the module does not have."
    return f"If it is not yours, show the traceback to the author of {candidate.dist}."


def _missing(candidate: Candidate, name: str, entry: Registered | None) -> str:
    """Say what to do about a module that is not there: the one that is named, or one that it imports."""
    named = candidate.value if entry is None else entry.target
    module = named.partition(":")[0].strip()
    if module == name or module.startswith(f"{name}."):
        what = f"The entry point '{candidate.entry_point} = {named}'" if entry is None else f"The target {named!r}"
        where = f"[project.entry-points.{PROJECT}]" if entry is None else "the Entry"
        return (
            f"{what} names a module that is not installed. Look for a misspelling in {where}, and whether the wheel "
            f"has the module; then install {candidate.dist} again."
        )
    return (
        f"Install what brings the module {name!r} into {sys.prefix}; whoever made {candidate.dist} has to name it "
        "under dependencies."
    )


def _requirement(dist: str) -> str:
    """Return what a distribution asks of this one."""
    try:
        wanted = importlib.metadata.requires(dist) or []
    except importlib.metadata.PackageNotFoundError:
        wanted = []
    ours = [one for one in wanted if normal(re.split(r"[^\w.-]", one, maxsplit=1)[0]) == PROJECT and "extra" not in one]
    return " and ".join(ours) or "no version in particular"


def _arguments(message: str) -> str:
    """Say which arguments a hook has that was given another one."""
    found = re.search(rf"\b{PROJECT}_\w+", message)
    code = getattr(getattr(hookspecs, found[0], None), "__code__", None) if found else None
    asked = re.findall(r"'(\w+)'", message.partition("Argument(s)")[2].partition("are declared")[0])
    if found is None or code is None or not asked:
        return _SAYS
    names = code.co_varnames[: code.co_argcount]
    guess = f" {did_you_mean(asked[0], names)}" if names else ""
    return f"A plugin names only arguments that the hook has: {found[0]}({', '.join(names)}).{guess}"
