"""The kinds of thing a plugin can add, and what the registry says of each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["method", "sampler", "task", "difficulty", "curriculum", "metric", "engine", "study", "claim"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

HOOKS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "method": "fairforget_methods",
        "sampler": "fairforget_samplers",
        "task": "fairforget_tasks",
        "difficulty": "fairforget_difficulties",
        "curriculum": "fairforget_curricula",
        "metric": "fairforget_metrics",
        "engine": "fairforget_engines",
        "study": "fairforget_studies",
        "claim": "fairforget_claims",
    }
)
"""The hook that names the entries of a kind."""

BASES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "method": "Method",
        "sampler": "Sampler",
        "task": "Task",
        "difficulty": "Difficulty",
        "curriculum": "Curriculum",
        "metric": "Metric",
        "engine": "Engine",
    }
)
"""The class of `fairforget.api` that a target subclasses; studies and claims are files."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An `Entry` together with who brought it."""

    kind: Kind
    name: str
    dist: str
    version: str
    """Of the distribution; for a plugin file ``sha256:`` and the first 12 hex digits of its content."""
    target: str
    summary: str
    plugin: str
    """``distribution:entry-point``."""

    @property
    def canonical(self) -> str:
        """The name that is always unique."""
        return f"{self.dist}/{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A plugin that did not load."""

    dist: str
    entry_point: str
    error: str
    """``Type: message``."""
    traceback: str
    version: str = "unknown"
    """Of the distribution, as in `Registered`."""
    value: str = ""
    """What the entry point names, ``module`` or ``module:attribute``; empty for a plugin file."""
    file: str | None = None
    """Of the plugin's own files the one in which it failed; None where there is none."""
    line: int | None = None
    chain: tuple[str, ...] = ()
    """`error`, what it was raised from, and so on to the first cause."""
    mend: str = ""
    """What to do about it."""

    @property
    def plugin(self) -> str:
        """``distribution:entry-point``."""
        return f"{self.dist}:{self.entry_point}"
