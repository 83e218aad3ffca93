"""Loading plugins so that a broken one hurts no other."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pluggy

from fairforget import hookspecs
from fairforget.candidates import Candidate
from fairforget.diagnosis import diagnose, said
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.hookspecs import PROJECT, Entry
from fairforget.kinds import HOOKS, KINDS, Kind, Problem, Registered
from fairforget.switches import STRICT, Switches, normal
from fairforget.trace import trace_call, trace_result


class ContractError(FairforgetError):
    """A plugin breaks the contract of `fairforget.hookspecs`."""


@dataclass(slots=True)
class Discovery:
    """What came of loading every candidate."""

    manager: pluggy.PluginManager
    registered: list[Registered] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    """Plugins that are switched off."""


def discover(candidates: Iterable[Candidate], switches: Switches) -> Discovery:
    """Load the candidates in turn, each on its own.

    Raises:
        FairforgetError: a plugin did not load and the switches are strict.
    """
    found = Discovery(pluggy.PluginManager(PROJECT))
    found.manager.add_hookspecs(hookspecs)
    if switches.trace:
        found.manager.add_hookcall_monitoring(trace_call, trace_result)
    for candidate in candidates:
        if switches.blocks(candidate.dist, candidate.entry_point):
            found.disabled.append(candidate.plugin)
            continue
        try:
            # A plugin that prints while it loads must not end up inside the JSON on standard output.
            with contextlib.redirect_stdout(sys.stderr):
                found.registered += _load(candidate, found)
        except (Exception, SystemExit) as error:  # whatever a plugin does, the others load
            if switches.strict:
                msg = f"plugin {candidate.plugin} did not load: {said(error)} ({STRICT} is set)"
                raise FairforgetError(msg) from error
            found.problems.append(diagnose(candidate, error))
    return found


def _load(candidate: Candidate, found: Discovery) -> list[Registered]:
    manager = found.manager
    if candidate.module is not None and normal(candidate.dist) in {normal(r.dist) for r in found.registered}:
        msg = f"another plugin is called {candidate.dist!r} already; rename the file {candidate.entry_point}"
        raise ContractError(msg)
    plugin = candidate.load()
    if (other := manager.get_name(plugin)) is not None:
        msg = f"its module is registered already, as {other}"
        raise ContractError(msg)
    try:
        manager.register(plugin, candidate.plugin)
        _check_hooks(manager, plugin)
        return _collect(candidate, plugin, found)
    except BaseException:
        # Whether a plugin that fails validation stays registered, with part of its hooks, depends on pluggy's version.
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        raise


def _check_hooks(manager: pluggy.PluginManager, plugin: object) -> None:
    """Do what `PluginManager.check_pending` does, for one plugin, and say what was meant."""
    known = [name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")]
    callers = manager.get_hookcallers(plugin) or ()
    for caller in callers:
        mine = [impl for impl in caller.get_hookimpls() if impl.plugin is plugin and not impl.optionalhook]
        if mine and not caller.has_spec():
            msg = f"unknown hook {caller.name!r}. {did_you_mean(caller.name, known)}"
            raise ContractError(msg)
    implemented = {caller.name for caller in callers}
    for name in known:
        if name not in implemented and inspect.isfunction(getattr(plugin, name, None)):
            msg = f"{name} is not marked; put @hookimpl (from fairforget import hookimpl) above it"
            raise ContractError(msg)
    if not implemented:
        msg = f"it implements no hook. {did_you_mean('', known)}"
        raise ContractError(msg)


def only(manager: pluggy.PluginManager, hook: str, plugin: object) -> Any:
    """Return a caller of `hook` that reaches one plugin."""
    return manager.subset_hook_caller(hook, [p for p in manager.get_plugins() if p is not plugin])


def _collect(candidate: Candidate, plugin: object, found: Discovery) -> list[Registered]:
    """Call the naming hooks of one plugin and stamp each entry with who brought it."""
    mine: dict[tuple[Kind, str], Registered] = {}
    taken = {(r.kind, normal(r.dist), r.name): r.plugin for r in found.registered}
    implemented = {caller.name for caller in found.manager.get_hookcallers(plugin) or ()}
    for kind in KINDS:
        hook = HOOKS[kind]
        if hook not in implemented:
            continue
        for entry in _entries(hook, only(found.manager, hook, plugin)()):
            target = _target(hook, kind, entry, candidate.module)
            if (kind, entry.name) in mine:
                msg = f"{hook} names {entry.name!r} twice"
                raise ContractError(msg)
            if (other := taken.get((kind, normal(candidate.dist), entry.name))) is not None:
                msg = f"{hook}: {other} adds a {kind} {entry.name!r} already, and names are unique in a distribution"
                raise ContractError(msg)
            mine[kind, entry.name] = Registered(
                kind, entry.name, candidate.dist, candidate.version, target, entry.summary, candidate.plugin
            )
    return list(mine.values())


def _entries(hook: str, results: Iterable[object]) -> Iterator[Entry]:
    for result in results:
        if isinstance(result, str | bytes | Entry) or not isinstance(result, Iterable):
            msg = f"{hook} returned {result!r}; return a list of Entry objects"
            raise ContractError(msg)
        for entry in result:
            if not isinstance(entry, Entry):
                msg = f"{hook} returned {entry!r} among its entries; each must be an Entry object"
                raise ContractError(msg)
            yield entry


def _target(hook: str, kind: Kind, entry: Entry, module: str | None) -> str:
    """Return the entry's target in full, or say what is wrong with the entry."""
    for name in ("name", "target", "summary"):
        if not isinstance(getattr(entry, name), str):
            msg = f"{hook}: the {name} of {entry!r} is not a string"
            raise ContractError(msg)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name):
        msg = f"{hook}: {entry.name!r} is no name for a {kind}; use lower-case letters, digits and single hyphens"
        raise ContractError(msg)
    before, _, after = entry.target.rpartition(":")
    # Inside a plugin file, whose module name its author cannot know, the attribute alone will do.
    target = entry.target if before or module is None else f"{module}:{after}"
    identifiers = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
    behind = r"[^:\\\0]+" if kind in {"study", "claim"} else identifiers
    if not re.fullmatch(f"{identifiers}:{behind}", target):
        wanted = "package:path/to/file.yaml" if kind in {"study", "claim"} else "module:Class"
        msg = f"{hook}: the target {entry.target!r} of {entry.name!r} is not of the form {wanted}"
        raise ContractError(msg)
    return target
