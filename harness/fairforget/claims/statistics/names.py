"""The names by which a claim file chooses its statistic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STATISTICS: Final[Mapping[str, str]] = MappingProxyType({})
"""``module:Class`` by name. They are fairforget's own: a claim file names one, it never brings code."""
