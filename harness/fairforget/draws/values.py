"""What ``fairforget draws`` has written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = 1
MANIFEST: Final = "manifest.json"
MODELS: Final = "models"
"""The folder in which models may be put; anywhere else will do."""


@dataclass(frozen=True, slots=True)
class DrawFile:
    """One draw, and the file that says who is to be forgotten in it."""

    path: Path
    sha256: str
    """Of the file."""
    sampler: Mapping[str, Any]
    """Name, version and options."""
    stratum: str
    index: int
    digest: str
    """Of the draw: over the ids and the texts of its samples."""
    forget: int
    """Samples."""
    retain: int


@dataclass(frozen=True, slots=True)
class Exported:
    """The draws of a study in a folder."""

    folder: Path
    manifest: Mapping[str, Any]
    """What ``manifest.json`` says."""
    files: tuple[DrawFile, ...]
    """In the order of samplers, strata and indices."""
