"""Whether what is checked can be found in another process."""

from __future__ import annotations

import importlib.util


def importable(target: str) -> bool:
    """Return whether the module of a target can be imported by its name, or comes from a plugin file."""
    module = target.partition(":")[0]
    if module == "__main__" or "<locals>" in target:
        return False
    if module.startswith("fairforget_plugin_"):
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
