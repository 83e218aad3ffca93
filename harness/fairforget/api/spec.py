"""A plugin named in a study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """The name of a plugin and the options that stand beside it."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the form a study file has: the name, and every option beside it."""
        return {"name": self.name, **self.options}
