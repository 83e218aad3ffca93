"""What is asked of a distribution with plugins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

import pluggy

from fairforget import hookspecs
from fairforget.candidates import Candidate
from fairforget.diagnosis import diagnose
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.hookspecs import PROJECT, Entry
from fairforget.kinds import BASES, HOOKS
from fairforget.testing.definition import CheckFailed, NotApplicable
from fairforget.testing.distribution import Distribution, DistributionCheck
from fairforget.testing.fresh_hooks import listing_report

_KNOWN: Final = tuple(name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_"))


def loads(found: Distribution) -> None:
    """The module behind every entry point can be imported."""
    for candidate in found.candidates:
        try:
            candidate.load()
        except (Exception, SystemExit) as error:
            problem = diagnose(candidate, error)
            where = f" ({problem.file}:{problem.line})" if problem.file else ""
            raise CheckFailed(f"plugin {candidate.plugin}: {problem.error}{where}. {problem.mend}") from error


def hooks_exist(found: Distribution) -> None:
    """Every hook it implements is one that fairforget has and calls with those arguments, and is marked as one."""
    for candidate, plugin in _loaded(found):
        hooks = dict(_hooks(plugin))
        for name, optional in hooks.items():
            if name not in _KNOWN and not optional:
                raise CheckFailed(f"plugin {candidate.plugin}: unknown hook {name!r}. {did_you_mean(name, _KNOWN)}")
        for name in _KNOWN:
            if name not in hooks and inspect.isfunction(getattr(plugin, name, None)):
                raise CheckFailed(f"plugin {candidate.plugin}: {name} is not marked; put @hookimpl above it")
        if not hooks:
            raise CheckFailed(f"plugin {candidate.plugin} implements no hook. {did_you_mean('', _KNOWN)}")
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(plugin)
        except pluggy.PluginValidationError as error:
            raise CheckFailed(f"plugin {candidate.plugin}: {error}") from error


def names_are_unique(found: Distribution) -> None:
    """No two of its plugins of a kind have one name, and no plugin of another distribution has it."""
    seen: dict[tuple[str, str], str] = {}
    for candidate, plugin in _loaded(found):
        for kind, entry in _named(plugin):
            if (other := seen.get((kind, entry.name))) is not None:
                raise CheckFailed(
                    f"two {kind} entries are called {entry.name!r}: one by plugin {other}, one by {candidate.plugin}"
                )
            seen[kind, entry.name] = candidate.plugin
    for one in found.rest.entries():
        if (one.kind, one.name) in seen:
            raise CheckFailed(
                f"{one.canonical} is a {one.kind} of the same name, so that studies cannot say {one.name!r} for either "
                "any more; take another name"
            )


def entries_are_valid(found: Distribution) -> None:
    """Every hook that names things returns Entry objects with a name, a target and a summary of the right form."""
    try:
        hooks_exist(found)
    except CheckFailed as failure:
        raise NotApplicable("its hooks are wrong; see hooks-exist") from failure
    for problem in found.registry.problems:
        raise CheckFailed(f"plugin {problem.plugin}: {problem.error}")


def targets_load(found: Distribution) -> None:
    """What every entry points at exists, and is of its kind."""
    entries = found.registry.entries()
    if not entries:
        raise NotApplicable("it names nothing that could be loaded")
    for entry in entries:
        try:
            found.registry.load(entry) if entry.kind in BASES else found.registry.path(entry)
        except FairforgetError as error:
            raise CheckFailed(str(error)) from error


def listing_is_light(found: Distribution) -> None:
    """Naming its plugins imports nothing that takes long, such as torch, and prints nothing (a fresh process)."""
    report = listing_report(found.name, found.plugin_files)
    if report["heavy"]:
        raise CheckFailed(
            f"listing it imports {', '.join(report['heavy'])}; a hook module returns Entry objects, and what they "
            "point at is imported when it is used"
        )
    if report["printed"].strip():
        raise CheckFailed(f"listing it prints {report['printed'].strip()[:120]!r}")


def _loaded(found: Distribution) -> Iterator[tuple[Candidate, Any]]:
    """Yield its plugins with their modules.

    Raises:
        NotApplicable: one cannot be imported, which the check ``loads`` says.
    """
    for candidate in found.candidates:
        try:
            yield candidate, candidate.load()
        except (Exception, SystemExit) as error:
            raise NotApplicable("it cannot be loaded; see loads") from error


def _hooks(plugin: object) -> Iterator[tuple[str, bool]]:
    """Yield what is marked as a hook: its name, and whether fairforget need not know it."""
    manager = pluggy.PluginManager(PROJECT)
    for name in dir(plugin):
        marked = manager.parse_hookimpl_opts(plugin, name)
        if marked is not None:
            yield marked.get("specname") or name, bool(marked.get("optionalhook"))


def _named(plugin: object) -> Iterator[tuple[str, Entry]]:
    """Yield what it names, with the kind."""
    kinds = {hook: kind for kind, hook in HOOKS.items()}
    manager = pluggy.PluginManager(PROJECT)
    for name in dir(plugin):
        marked = manager.parse_hookimpl_opts(plugin, name)
        kind = None if marked is None else kinds.get(marked.get("specname") or name)
        if kind is not None:
            returned: Any = getattr(plugin, name)()
            yield from ((kind, entry) for entry in returned if isinstance(entry, Entry))


DISCOVERY: Final = (
    DistributionCheck("loads", loads),
    DistributionCheck("hooks-exist", hooks_exist),
    DistributionCheck("names-are-unique", names_are_unique),
    DistributionCheck("entries-are-valid", entries_are_valid),
    DistributionCheck("targets-load", targets_load),
    DistributionCheck("listing-is-light", listing_is_light),
)
