"""The installed plugins, with the kit's own task and metric, and a class that no distribution names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pluggy

from fairforget.api.plugin import Plugin
from fairforget.discovery import Discovery
from fairforget.hookspecs import PROJECT
from fairforget.kinds import BASES, Kind, Registered
from fairforget.registry import Registry
from fairforget.testing.tiny import ASCENT, DIST, METRIC, TASK
from fairforget.version import version

MODULE: Final = "fairforget.testing.tiny"
UNPACKAGED: Final = "unpackaged"
"""Stands in for the distribution of a class that is handed over as it is."""


class KitRegistry(Registry):
    """A registry that knows classes by heart."""

    def __init__(self, installed: Registry, classes: Mapping[Registered, type[Plugin]] | None = None) -> None:
        """Add to what is installed.

        Args:
            installed: found by discovery.
            classes: further entries, with the classes they load.
        """
        known: Mapping[Registered, type[Plugin]] = installed.classes if isinstance(installed, KitRegistry) else {}
        self.classes: dict[Registered, type[Plugin]] = {**known, **(classes or {})}
        """Those that are known by heart."""
        found = Discovery(pluggy.PluginManager(PROJECT))
        found.registered = list(dict.fromkeys([*installed.entries(), *_own(), *self.classes]))
        found.problems, found.disabled = list(installed.problems), list(installed.disabled)
        super().__init__(found, installed.plugin_files)

    def load(self, entry: Registered) -> type[Plugin]:
        """Import the class behind an entry, or return the one that was handed over."""
        return self.classes.get(entry) or super().load(entry)


def kind_of(cls: type) -> Kind | None:
    """Return the kind of plugin that a class is; None where it is none."""
    from fairforget import api

    kinds = [kind for kind, base in BASES.items() if issubclass(cls, getattr(api, base))]
    return kinds[0] if len(kinds) == 1 else None


def entry_for(cls: type[Plugin], kind: Kind) -> Registered:
    """Return an entry for a class that no distribution names."""
    name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()).strip("-")
    target = f"{cls.__module__}:{cls.__qualname__}"
    return Registered(kind, name or kind, UNPACKAGED, "0", target, "", f"{UNPACKAGED}:{cls.__module__}")


def _own() -> list[Registered]:
    described: list[tuple[Kind, str, str]] = [
        ("task", TASK, "TinyTask"),
        ("method", ASCENT, "TinyAscent"),
        ("metric", METRIC, "TinyProbability"),
    ]
    return [
        Registered(kind, name.rpartition("/")[2], DIST, version(), f"{MODULE}:{cls}", "", f"{DIST}:tiny")
        for kind, name, cls in described
    ]
