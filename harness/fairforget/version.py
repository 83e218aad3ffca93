"""The version, which is written down in pyproject.toml alone."""

from __future__ import annotations

import importlib.metadata


def version(distribution: str = "fairforget") -> str:
    """Return the version of an installed distribution, or "not installed"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
