"""From what somebody wants checked to a plugin under examination."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairforget.api.plugin import Plugin
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.hookspecs import Entry
from fairforget.kinds import BASES, Kind, Registered
from fairforget.names import matches
from fairforget.registry import Registry
from fairforget.testing.examined import Examined
from fairforget.testing.lab import Lab
from fairforget.testing.registry import KitRegistry, entry_for, kind_of

if TYPE_CHECKING:
    from pathlib import Path

Asked = type[Plugin] | Plugin | Entry | Registered | str
"""A class, an instance with options of its own, an `Entry`, an entry of a registry, or a name."""


def examine(
    asked: Asked,
    kind: Kind | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    cache: Path | None = None,
) -> Examined:
    """Return the plugin under examination.

    Args:
        asked: what is to be checked.
        kind: of the plugin; needed for an `Entry`, and for a name that two kinds have.
        options: for its constructor; an instance brings its own.
        registry: what is installed; found by discovery by default.
        cache: where targets are kept; the user's cache by default.

    Raises:
        FairforgetError: there is no such plugin, or it is of another kind.
    """
    installed = Registry.discover() if registry is None else registry
    given = dict(options or {})
    extra: dict[Registered, type[Plugin]] = {}
    if isinstance(asked, Plugin):
        given = {**asked.options(), **given}
        asked = type(asked)
    if isinstance(asked, str):
        entry = _named(installed, asked, kind)
    elif isinstance(asked, Registered):
        entry = asked
    elif isinstance(asked, Entry):
        entry = _of_entry(installed, asked, kind)
        extra = {} if entry in installed.entries() else {entry: installed.load(entry)}
    else:
        entry, extra = _of_class(installed, asked, kind)
    if kind is not None and entry.kind != kind:
        msg = f"{entry.canonical} is a {entry.kind}, not a {kind}"
        raise FairforgetError(msg)
    if entry.kind not in BASES or entry.kind == "engine":
        msg = f"there are no checks for a {entry.kind}"
        raise FairforgetError(msg)
    known = KitRegistry(installed, extra)
    return Examined(entry, given, known, Lab(known, cache))


def _named(installed: Registry, name: str, kind: Kind | None) -> Registered:
    kinds = list(dict.fromkeys(e.kind for e in installed.entries() if matches(e, name) and e.kind in BASES))
    if kind is None and len(kinds) > 1:
        msg = f"{name!r} is the name of a {' and of a '.join(kinds)}; say which kind is meant"
        raise FairforgetError(msg)
    if kind is None and not kinds:
        known = [e.canonical if "/" in name else e.name for e in installed.entries() if e.kind in BASES]
        failed = "".join(f"\nplugin {p.plugin} did not load: {p.error}" for p in installed.problems)
        msg = f"Nothing installed is called {name!r}. {did_you_mean(name.lower().replace('_', '-'), known)}{failed}"
        raise FairforgetError(msg)
    return installed.find(kind or kinds[0], name)


def _of_entry(installed: Registry, asked: Entry, kind: Kind | None) -> Registered:
    fitting = [e for e in installed.entries(kind) if (e.name, e.target) == (asked.name, asked.target)]
    if fitting:
        return fitting[0]
    kinds = [kind] if kind is not None else list(BASES)
    for one in kinds:
        entry = Registered(one, asked.name, "unpackaged", "0", asked.target, asked.summary, "unpackaged:entry")
        try:
            installed.load(entry)
        except FairforgetError:
            if len(kinds) == 1:
                raise
        else:
            return entry
    msg = f"the target {asked.target!r} of {asked.name!r} cannot be loaded as any kind of plugin; say its kind"
    raise FairforgetError(msg)


def _of_class(installed: Registry, cls: Any, kind: Kind | None) -> tuple[Registered, dict[Registered, type[Plugin]]]:
    found = kind_of(cls) if inspect.isclass(cls) else None
    if found is None:
        msg = f"{cls!r} is no plugin; give a class derived from one in fairforget.api, an Entry, or a name"
        raise FairforgetError(msg)
    target = f"{cls.__module__}:{cls.__qualname__}"
    for entry in installed.entries(found):
        if entry.target == target:
            return entry, {}
    entry = entry_for(cls, kind or found)
    if missing := sorted(getattr(cls, "__abstractmethods__", ())):
        msg = f"{target} does not define {', '.join(missing)}"
        raise FairforgetError(msg)
    return replace(entry, kind=found), {replace(entry, kind=found): cls}
