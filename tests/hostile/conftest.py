"""Files of strangers, as strangers would write them.

``pytest tests/hostile`` asks a hundred questions of each kind, ``--hypothesis-profile=hostile`` 10,000.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("hostile", max_examples=10_000, print_blob=True)
if "hostile" not in sys.modules:  # the folders of tests are no packages; this one has modules of its own
    sys.modules["hostile"] = types.ModuleType("hostile")
    sys.modules["hostile"].__path__ = [str(Path(__file__).parent)]


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that a command is started in, and another beside it that nobody may touch."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
