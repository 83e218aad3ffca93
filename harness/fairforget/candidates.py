"""Where plugins come from: the entry points of installed distributions, and files named by the user."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.abc import SourceLoader
from pathlib import Path

from fairforget.errors import FairforgetError
from fairforget.hookspecs import PROJECT
from fairforget.switches import normal


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found and not yet loaded."""

    dist: str
    entry_point: str
    version: str
    load: Callable[[], object]
    module: str | None = None
    """The name under which a plugin file is imported; None for an entry point."""
    value: str = ""
    """What the entry point names; empty for a plugin file."""
    file: str = ""
    """The plugin file; empty for an entry point."""

    @property
    def plugin(self) -> str:
        """``distribution:entry-point``."""
        return f"{self.dist}:{self.entry_point}"


def installed() -> list[Candidate]:
    """Return the plugins of every installed distribution, sorted by (distribution, entry point)."""
    found = []
    try:
        points: Iterable[importlib.metadata.EntryPoint] = importlib.metadata.entry_points(group=PROJECT)
    except Exception:  # noqa: BLE001 - the metadata of one distribution keeps all others from being read
        points, broken = _one_by_one()
        found += broken
    for point in points:
        # Metadata of half-removed distributions lacks the name or the version.
        dist = (point.dist.name if point.dist else None) or "unknown"
        version = (point.dist.version if point.dist else None) or "unknown"
        found.append(Candidate(dist, point.name, version, point.load, value=point.value))
    return sorted(found, key=lambda c: (normal(c.dist), c.entry_point))


def _one_by_one() -> tuple[list[importlib.metadata.EntryPoint], list[Candidate]]:
    """Return the entry points of all distributions whose metadata can be read, and a candidate for each other one."""
    points: dict[str, list[importlib.metadata.EntryPoint]] = {}
    broken: list[Candidate] = []
    for dist in importlib.metadata.distributions():
        try:
            # The first one of a name is the one that is imported.
            points.setdefault(normal(dist.name or ""), list(dist.entry_points.select(group=PROJECT)))
        except Exception as error:  # noqa: BLE001 - whatever stands in a file that a stranger wrote
            name = Path(str(getattr(dist, "_path", "unknown"))).name.partition("-")[0]
            broken.append(Candidate(name, "entry_points.txt", "unknown", partial(_unreadable, name, str(error))))
    return [point for of_dist in points.values() for point in of_dist], broken


def _unreadable(name: str, error: str) -> object:
    msg = f"the metadata of {name} cannot be read ({error[:200]}); install it again, or remove it"
    raise ValueError(msg)


def from_files(files: Iterable[Path]) -> tuple[list[Candidate], tuple[Path, ...]]:
    """Return the plugins in the files that the user named, in their order, each file once, and the resolved paths.

    Raises:
        FairforgetError: a file is missing or cannot be read, or its name cannot stand for a distribution.
    """
    paths = tuple(dict.fromkeys(Path(file).expanduser().resolve() for file in files))
    return [_from_file(path) for path in paths], paths


def _from_file(path: Path) -> Candidate:
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"cannot read the plugin file {path}: {error.strerror or error}"
        raise FairforgetError(msg) from error
    if path.suffix != ".py" or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.stem):
        msg = f"{path}: a plugin file is called NAME.py, NAME of letters, digits, '-', '_' and '.'; rename it"
        raise FairforgetError(msg)
    digest = hashlib.sha256(content).hexdigest()
    # The same in every process that is given the same file, so that targets can be imported there too; another for
    # another file or content, so that no stale module is taken for it.
    unique = hashlib.sha256(f"{path}\0{digest}".encode()).hexdigest()[:12]
    module = f"fairforget_plugin_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}_{unique}"
    load = lambda: _import(module, path, content)  # noqa: E731 - short, and used once
    return Candidate(path.stem, path.name, f"sha256:{digest[:12]}", load, module, file=str(path))


class _Content(SourceLoader):
    """Loads a module from bytes already read, so that what runs is what was hashed, and no cache file is written."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.content = content

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - the loader's interface
        return str(self.path)

    def get_data(self, path: str | bytes) -> bytes:  # noqa: ARG002 - the loader's interface
        return self.content


def _import(name: str, path: Path, content: bytes) -> object:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_loader(name, _Content(path, content))
    if spec is None or spec.loader is None:  # pragma: no cover - a loader was given
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
