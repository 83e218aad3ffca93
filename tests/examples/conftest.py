"""The examples as they lie in the repository, found as if they were installed."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = sorted((ROOT / "examples").glob("*/pyproject.toml"))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put every example on the path, with the entry points of its pyproject, here and for child processes."""
    site = tmp_path / "examples-site"
    for file in PROJECTS:
        project = tomllib.loads(file.read_text())["project"]
        info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        points = project["entry-points"]["fairforget"]
        (info / "entry_points.txt").write_text("[fairforget]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))
    folders = [str(site), *(str(file.parent) for file in PROJECTS)]
    before = set(sys.modules)
    for folder in folders:
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget-mlflow")  # MLflow need not be there
    yield site
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith((str(ROOT / "examples"), str(tmp_path))):
            del sys.modules[name]
