"""examples/thirdparty.py looks into the wheels that it installs."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = ("my_plugin/__init__.py", "my_plugin/data/rows.jsonl", "my_plugin-1.0.dist-info/RECORD")


@pytest.fixture
def thirdparty():
    spec = importlib.util.spec_from_file_location("thirdparty", ROOT / "examples" / "thirdparty.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "stray", [None, "tests/test_it.py", "my_plugin/__pycache__/a.pyc", "my_plugins.py", "my_plugin/.mypy_cache/a.json"]
)
def test_what_belongs_into_no_wheel_is_found(thirdparty, stray, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "my_plugin-1.0-py3-none-any.whl", "w") as wheel:
        for name in filter(None, (*GOOD, stray)):
            wheel.writestr(name, "")
    assert thirdparty.check_contents(tmp_path) == (stray is not None)
    said = capsys.readouterr().err
    assert said == ("" if stray is None else f"my_plugin-1.0-py3-none-any.whl holds {stray}\n")
