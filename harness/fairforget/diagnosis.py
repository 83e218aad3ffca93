"""The whole story of a plugin that did not load: where it failed, through what, and what to do about it."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator

from fairforget.candidates import Candidate
from fairforget.hookspecs import PROJECT
from fairforget.kinds import HOOKS, Problem, Registered
from fairforget.mending import mend
from fairforget.switches import DISABLE


def diagnose(candidate: Candidate, error: BaseException, entry: Registered | None = None) -> Problem:
    """Return the problem that `error` is for the plugin; nothing is imported for it.

    Args:
        candidate: the plugin.
        error: what was raised while it loaded, or while what `entry` points at was loaded.
        entry: the entry whose target did not load, if the plugin itself did.
    """
    parts = list(chain_of(error))
    try:
        (file, line), advice = _place(candidate, error, entry), mend(candidate, parts[-1], entry)
    except Exception:  # noqa: BLE001 - exceptions of strangers may hold anything, and the other plugins have to load
        (file, line), advice = (None, None), "Read the traceback."
    return Problem(
        candidate.dist,
        candidate.entry_point,
        said(error) if entry is None else str(error),
        "".join(traceback.format_exception(error)),
        version=candidate.version,
        value=candidate.value,
        file=file,
        line=line,
        chain=tuple(map(said, parts)),
        mend=f"{advice} Until then {DISABLE}={candidate.plugin} leaves the plugin out.",
    )


def said(error: BaseException) -> str:
    """Return ``Type: message``."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - a stranger's exception may have a broken __str__
        return type(error).__name__


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception, what it was raised from, and so on to the first one."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _module(candidate: Candidate) -> str:
    return candidate.module or candidate.value.partition(":")[0].strip()


def _place(candidate: Candidate, error: BaseException, entry: Registered | None) -> tuple[str | None, int | None]:
    """Where in the plugin's own files it went wrong."""
    target = "" if entry is None else entry.target.partition(".")[0].partition(":")[0]
    own = (*_folders(_module(candidate).partition(".")[0]), *_folders(target), *filter(None, [candidate.file]))
    for part in chain_of(error):
        if isinstance(part, SyntaxError) and part.filename:
            return part.filename, part.lineno
        frames = traceback.extract_tb(part.__traceback__)
        if own and (mine := [frame for frame in frames if frame.filename.startswith(own)]):
            return mine[-1].filename, mine[-1].lineno
    return _hook(candidate, str(error) if entry is None else HOOKS[entry.kind])


def _folders(package: str) -> tuple[str, ...]:
    """Where a top-level module or package lies, found without importing it."""
    try:
        spec = importlib.util.find_spec(package) if package else None
    except (ImportError, ValueError):
        return ()
    return () if spec is None else (*(spec.submodule_search_locations or ()), *filter(None, [spec.origin]))


def _hook(candidate: Candidate, message: str) -> tuple[str | None, int | None]:
    """Return the place of the function that a message is about, else of the module."""
    module = sys.modules.get(_module(candidate))
    for name in re.findall(rf"\b{PROJECT}_\w+", message):
        if (code := getattr(getattr(module, name, None), "__code__", None)) is not None:
            return code.co_filename, code.co_firstlineno
    file = getattr(module, "__file__", None)
    return (None, None) if file is None else (str(file), 1)
