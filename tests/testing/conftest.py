"""The processes that checks of the kit start, at the price of a fork."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def forks():
    spec = importlib.util.spec_from_file_location("forked", Path(__file__).with_name("forked.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.Forks() as made:
        yield made


@pytest.fixture
def forked(forks, monkeypatch):
    """Fork the fresh processes of a kit from one that has imported torch, and no plugin."""
    from fairforget.testing import fresh, fresh_answers

    for module in (fresh, fresh_answers):
        monkeypatch.setattr(module, "subprocess", forks)
    return forks
