"""What the tests of claim files share; what they import lies in ``a_claim.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest
import yaml

from fairforget.registry import Registry

if "claim_files" not in sys.modules:  # the folders of tests are no packages; this one has a module of its own
    sys.modules["claim_files"] = ModuleType("claim_files")
    sys.modules["claim_files"].__path__ = [str(Path(__file__).parent)]


@pytest.fixture(scope="session")
def registry():
    return Registry.discover()


@pytest.fixture(autouse=True)
def _statistics(monkeypatch):
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", MappingProxyType({"mean": "claim_files.a_claim:Mean"}))


@pytest.fixture
def write(tmp_path):
    from claim_files.a_claim import CLAIM

    def write(_name: str = "c1.yaml", /, _without: tuple[str, ...] = (), **changes) -> Path:
        content = {key: value for key, value in {**CLAIM, **changes}.items() if key not in _without}
        path = tmp_path / "claims" / _name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return path

    return write
