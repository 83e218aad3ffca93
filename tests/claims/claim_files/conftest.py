"""What the tests of claim files share."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from fairforget.registry import Registry

from .a_claim import CLAIM, Mean


@pytest.fixture(scope="session")
def registry():
    return Registry.discover()


@pytest.fixture(autouse=True)
def _statistics(monkeypatch):
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", MappingProxyType({"mean": f"{Mean.__module__}:Mean"}))


@pytest.fixture
def write(tmp_path):
    def write(_name: str = "c1.yaml", /, _without: tuple[str, ...] = (), **changes) -> Path:
        content = {key: value for key, value in {**CLAIM, **changes}.items() if key not in _without}
        path = tmp_path / "claims" / _name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return path

    return write
