"""What is shipped, and under which names."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from fairforget.registry import Registry
from fairforget.version import version

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_written_down_once(project):
    assert version() == project["project"]["version"]
    assert "__version__" not in (ROOT / "harness" / "fairforget" / "__init__.py").read_text(encoding="utf-8")
    assert version("no-such-distribution") == "not installed"


def test_every_package_of_the_source_roots_is_shipped(project):
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    folders = [init.parent for root in ("harness", "plugins") for init in (ROOT / root).glob("*/__init__.py")]
    assert sorted(packages) == sorted(folder.relative_to(ROOT).as_posix() for folder in folders)
    assert (ROOT / "harness" / "fairforget" / "py.typed").exists()


def test_entry_points_are_those_of_pyproject(project):
    installed = {
        point.name: point.value
        for point in importlib.metadata.entry_points(group="fairforget")
        if point.dist is not None and point.dist.name == "fairforget"
    }
    assert installed == project["project"]["entry-points"]["fairforget"]


def test_every_dependency_is_constrained(project):
    def names(lines):
        return {line.split("[")[0].rstrip("0123456789.<>=!~, ").lower().replace("_", "-") for line in lines}

    wanted = names(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted |= names(extra)
    constrained = names(
        line
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line[:1] not in {"", "#"}
    )
    assert wanted - {"fairforget"} <= constrained


@pytest.mark.parametrize("entry", Registry.discover().entries(), ids=lambda e: f"{e.kind}-{e.name}")
def test_every_first_party_target_exists(entry):
    registry = Registry.discover()
    if entry.kind in {"study", "claim"}:
        assert registry.path(entry).is_file()
    else:
        assert registry.load(entry)
