"""A plugin named in a study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairforget.errors import FairforgetError


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """The name of a plugin and the options that stand beside it."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: str | Mapping[str, Any], option: str) -> PluginSpec:
        """Return the plugin that an option names: bare, or as a mapping with the plugin's own options.

        Args:
            value: of the option.
            option: its name, for the message.

        Raises:
            FairforgetError: the mapping has no name.
        """
        if isinstance(value, str):
            return cls(value)
        name = value.get("name")
        if not isinstance(name, str) or not name:
            msg = f"{option} names nothing; write {option}: NAME, or {option}: {{name: NAME, …}} with its options"
            raise FairforgetError(msg)
        return cls(name, {key: inner for key, inner in value.items() if key != "name"})

    def to_json(self) -> dict[str, Any]:
        """Return the form a study file has: the name, and every option beside it."""
        return {"name": self.name, **self.options}
