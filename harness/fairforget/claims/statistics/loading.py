"""The class of a statistic."""

from __future__ import annotations

import importlib

from fairforget.claims.statistics.base import Statistic


def load(target: str) -> type[Statistic]:
    """Return the class that a value of `fairforget.claims.statistics.names.STATISTICS` names."""
    module, _, attribute = target.partition(":")
    found: type[Statistic] = getattr(importlib.import_module(module), attribute)
    return found
