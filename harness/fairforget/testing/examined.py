"""What a check is given: a plugin, and a laboratory to run it in."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from fairforget.api import PluginSpec
from fairforget.api.plugin import Plugin, option_parameters
from fairforget.kinds import Registered
from fairforget.testing.definition import NotApplicable

if TYPE_CHECKING:
    from fairforget.registry import Registry
    from fairforget.study.options import Built
    from fairforget.testing.lab import Lab

T = TypeVar("T")


@dataclass(eq=False)
class Examined:
    """A plugin under examination."""

    entry: Registered
    """Who brought it; for a class that no distribution names, what stands in for that."""
    options: Mapping[str, Any]
    """Given by whoever asked; the other options have their defaults."""
    registry: Registry
    """What is installed, the tiny task and its metrics, and the plugin itself."""
    lab: Lab
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its kind, as in `fairforget.kinds.Kind`."""
        return self.entry.kind

    @property
    def name(self) -> str:
        """Canonical name."""
        return self.entry.canonical

    @property
    def cls(self) -> type[Plugin]:
        """The class behind the entry.

        Raises:
            FairforgetError: it cannot be imported or is not of its kind.
        """
        return self.once("class", lambda: self.registry.load(self.entry))

    def build(self) -> Built:
        """Return a new instance with its entry, made as a study makes it.

        Raises:
            NotApplicable: an option has no default and was not given.
            FairforgetError: the plugin breaks the rules for options.
        """
        from fairforget.study.options import build

        required = [p.name for p in option_parameters(self.cls).values() if p.default is p.empty]
        if missing := [name for name in required if name not in self.options]:
            msg = f"it cannot be made without the option {missing[0]!r}; give a value for it"
            raise NotApplicable(msg)
        return build(self.registry, self.entry.kind, PluginSpec(self.entry.canonical, self.options))

    def make(self) -> Any:
        """Return a new instance; see `build`."""
        return self.build().plugin

    def described(self) -> dict[str, Any]:
        """Return it as it stands in a cell: name, version and every option."""
        return self.once("described", lambda: self.build().to_json())

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under the key for all checks of this plugin, made at the first call."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found
