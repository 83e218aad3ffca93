"""The environment variables that steer discovery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DISABLE: Final = "FAIRFORGET_DISABLE_PLUGINS"
STRICT: Final = "FAIRFORGET_STRICT_PLUGINS"
TRACE: Final = "FAIRFORGET_TRACE_PLUGINS"


@dataclass(frozen=True, slots=True)
class Switches:
    """What the environment asks of discovery."""

    disabled: frozenset[str] = frozenset()
    """Distributions, or plugins as ``distribution:entry-point``, that are not loaded."""
    strict: bool = False
    """The first plugin that does not load is an error."""
    trace: bool = False
    """Every hook call is written to standard error."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Switches:
        """Read the switches from `environ`; names in the list are separated by commas or spaces."""
        return cls(
            disabled=frozenset(re.findall(r"[^\s,]+", environ.get(DISABLE, ""))),
            strict=_on(environ.get(STRICT, "")),
            trace=_on(environ.get(TRACE, "")),
        )

    def blocks(self, dist: str, entry_point: str) -> bool:
        """Return whether the plugin is switched off, by its own name or by its distribution's."""
        return any(
            same_distribution(asked, dist) and (not colon or point == entry_point)
            for asked, colon, point in (name.partition(":") for name in self.disabled)
        )


def same_distribution(a: str, b: str) -> bool:
    """Return whether two spellings name one distribution: case and the choice of ``-_.`` do not count (PEP 503)."""
    return normal(a) == normal(b)


def normal(dist: str) -> str:
    """Return the spelling of a distribution's name that is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", dist).lower()


def _on(value: str) -> bool:
    return value.strip().lower() not in {"", "0", "false", "no", "off"}
