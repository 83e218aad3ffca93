from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def factory():
    """The records of the tests of boards."""
    path = Path(__file__).parents[1] / "board" / "factory.py"
    spec = importlib.util.spec_from_file_location("record_factory", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
