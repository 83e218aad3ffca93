"""The class of a statistic, by its name."""

from __future__ import annotations

import importlib

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.names import STATISTICS


def load(name: str) -> type[Statistic]:
    """Return the class behind a name of `STATISTICS`.

    Raises:
        KeyError: there is no statistic of that name.
    """
    module, _, attribute = STATISTICS[name].partition(":")
    found: type[Statistic] = getattr(importlib.import_module(module), attribute)
    return found
