from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def make():
    """``made.py`` of the text tasks; the folders of tests are no packages."""
    path = Path(__file__).parents[1] / "text_tasks" / "made.py"
    spec = importlib.util.spec_from_file_location("made_texts_for_the_paper", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
