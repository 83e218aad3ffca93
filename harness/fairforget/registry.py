"""What is installed, by kind and name.

A registry is made once a program and passed to whoever needs it; nothing about plugins is kept in a module.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pluggy

from fairforget import hookspecs
from fairforget.api.plugin import Plugin
from fairforget.candidates import from_files, installed
from fairforget.discovery import Discovery, discover, only
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.kinds import BASES, HOOKS, KINDS, Kind, Problem, Registered
from fairforget.names import AmbiguousName, UnknownName, find
from fairforget.switches import Switches

__all__ = ["AmbiguousName", "Kind", "PluginWarning", "Problem", "Registered", "Registry", "UnknownName"]


class PluginWarning(UserWarning):
    """A plugin misbehaved where nothing depends on it."""


class Registry:
    """Every entry of every plugin that loaded, and what became of the others."""

    def __init__(self, found: Discovery, plugin_files: Sequence[Path] = ()) -> None:
        self._manager: pluggy.PluginManager = found.manager
        self._registered = sorted(found.registered, key=lambda r: (KINDS.index(r.kind), r.name, r.dist))
        self.problems: tuple[Problem, ...] = tuple(found.problems)
        """Plugins that did not load, in the order in which they were tried."""
        self.disabled: tuple[str, ...] = tuple(found.disabled)
        """Plugins that are switched off, as ``distribution:entry-point``."""
        self.plugin_files: tuple[Path, ...] = tuple(plugin_files)
        """Resolved paths; `discover` in another process finds the same plugins when given them."""

    @classmethod
    def discover(cls, plugin_files: Sequence[Path] = (), environ: Mapping[str, str] | None = None) -> Registry:
        """Load the hook module of every installed plugin, then `plugin_files`; no target is imported.

        Args:
            plugin_files: Python files with hooks that belong to no distribution.
            environ: read instead of `os.environ` for the switches ``FAIRFORGET_DISABLE_PLUGINS``,
                ``FAIRFORGET_STRICT_PLUGINS`` and ``FAIRFORGET_TRACE_PLUGINS``.

        Raises:
            FairforgetError: a plugin file is missing, or a plugin did not load and discovery is strict.
        """
        candidates, paths = from_files(plugin_files)
        switches = Switches.of(os.environ if environ is None else environ)
        return cls(discover([*installed(), *candidates], switches), paths)

    def plugins(self) -> list[str]:
        """Return what loaded, as ``distribution:entry-point``, sorted; also trackers, which bring no entries."""
        return sorted(name for name, plugin in self._manager.list_name_plugin() if plugin is not None)

    def entries(self, kind: Kind | None = None) -> list[Registered]:
        """Return what is registered, sorted by kind, name and distribution."""
        return [entry for entry in self._registered if kind in {None, entry.kind}]

    def find(self, kind: Kind, name: str) -> Registered:
        """Return the entry called `name`, bare or as ``distribution/name``.

        Raises:
            UnknownName: nothing of this kind is called so; the message guesses, and lists plugins that did not load.
            AmbiguousName: several distributions have the bare name; the message lists the choices.
        """
        return find(self._registered, kind, name, self.problems, self.disabled)

    def load(self, entry: Registered) -> type[Plugin]:
        """Import the class behind an entry.

        Raises:
            FairforgetError: it cannot be imported or is not of its kind; the message names plugin and target.
        """
        if entry.kind not in BASES:
            msg = f"a {entry.kind} is a file; ask Registry.path for it"
            raise ValueError(msg)
        where = _where(entry)
        module_name, _, attribute = entry.target.partition(":")
        try:
            value: Any = importlib.import_module(module_name)
        except (Exception, SystemExit) as error:  # whatever a stranger's module does while it is imported
            msg = f"{where} cannot be imported: {type(error).__name__}: {error}"
            raise FairforgetError(msg) from error
        for part in attribute.split("."):
            if not hasattr(value, part):
                public = [name for name in dir(value) if not name.startswith("_")]
                msg = f"{where} does not exist: there is no {part!r}. {did_you_mean(part, public)}"
                raise FairforgetError(msg)
            value = getattr(value, part)
        base = getattr(importlib.import_module("fairforget.api"), BASES[entry.kind])
        if not (inspect.isclass(value) and issubclass(value, base)):
            msg = f"{where} is not a subclass of fairforget.api.{base.__name__}"
            raise FairforgetError(msg)
        if missing := sorted(getattr(value, "__abstractmethods__", ())):
            msg = f"{where} does not define {', '.join(missing)}"
            raise FairforgetError(msg)
        return cast("type[Plugin]", value)

    def path(self, entry: Registered) -> Path:
        """Return the file behind a study or claim.

        Raises:
            FairforgetError: the package or the file does not exist, or the path leaves the package's folder.
        """
        where = _where(entry)
        folder = self.folder(entry)
        file = (folder / entry.target.partition(":")[2]).resolve()
        if not file.is_relative_to(folder):
            msg = f"{where} leaves the folder of its package"
            raise FairforgetError(msg)
        if not file.is_file():
            msg = f"{where} does not exist: there is no file {file}"
            raise FairforgetError(msg)
        return file

    def folder(self, entry: Registered) -> Path:
        """Return the folder of the package that a study or claim lies in; none of its paths leads out of it.

        Raises:
            FairforgetError: the package does not exist.
        """
        where = _where(entry)
        package = entry.target.partition(":")[0]
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError) as error:
            msg = f"{where} does not exist: {error}"
            raise FairforgetError(msg) from error
        if spec is None or spec.origin is None:
            msg = f"{where} does not exist: there is no package {package!r}"
            raise FairforgetError(msg)
        return Path(spec.origin).resolve().parent

    def emit(self, event: str, /, **kwargs: Any) -> None:
        """Tell every plugin that listens about an event; one that raises is reported as a `PluginWarning`.

        Args:
            event: an event hook of `fairforget.hookspecs`, for example ``fairforget_cell_finished``.
            kwargs: what the hook's specification names.
        """
        if event in HOOKS.values() or not inspect.isfunction(getattr(hookspecs, event, None)):
            msg = f"{event!r} is not an event hook"
            raise ValueError(msg)
        for name, plugin in self._manager.list_name_plugin():
            if event not in {caller.name for caller in self._manager.get_hookcallers(plugin) or ()}:
                continue
            try:
                only(self._manager, event, plugin)(**kwargs)
            except Exception as error:  # noqa: BLE001 - a tracker must not stop a study
                msg = f"plugin {name} failed in {event}: {type(error).__name__}: {error}"
                warnings.warn(msg, PluginWarning, stacklevel=2)


def _where(entry: Registered) -> str:
    return f"{entry.kind} {entry.canonical}: the target {entry.target!r} of plugin {entry.plugin}"
