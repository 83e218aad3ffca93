"""The script that measures memory, and its models."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks" / "memory"


@pytest.fixture(scope="package")
def measuring() -> Iterator[Any]:
    """``benchmarks/memory/measure.py``, so that processes which are started find it, too."""
    patched = pytest.MonkeyPatch()
    patched.syspath_prepend(FOLDER)
    import measure

    yield measure
    patched.undo()
    del sys.modules["measure"]
