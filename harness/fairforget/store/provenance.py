"""Where a result comes from: versions, commits, machine, switches. No user, no host, no path of a home."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from fairforget.hookspecs import PROJECT

_LIBRARIES: Final = (
    "accelerate",
    "datasets",
    "gguf",
    "lm-eval",
    "numpy",
    "peft",
    "rouge-score",
    "safetensors",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
)
"""What a score may depend on beside fairforget and its plugins."""


def environment(*, threads: int | None = None, distributions: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the record of a cell says about its making, JSON-able.

    Args:
        threads: CPU threads torch computes with, where the caller knows; read from torch if it is loaded.
        distributions: further distributions that took part; fairforget, the libraries scores depend on, and every
            distribution with a fairforget plugin are always named.
    """
    found = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "distributions": {name: dict(about) for name, about in _known(tuple(sorted(set(distributions)))).items()},
        "torch": _torch(threads),
    }
    return {name: value for name, value in found.items() if value is not None}


def describe_distribution(name: str) -> dict[str, Any] | None:
    """Return version and, as far as PEP 610 tells, origin and commit of an installed distribution; None if it is not.

    For an editable install the commit is that of the folder's git repository, with ``dirty`` saying whether tracked
    files differ from it.
    """
    try:
        dist = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    # Metadata of half-removed distributions lacks the version.
    about: dict[str, Any] = {"version": dist.version or "unknown"}
    try:
        origin = json.loads(dist.read_text("direct_url.json") or "{}")
    except (OSError, ValueError, RecursionError):
        return about
    return about | (_origin(origin) if isinstance(origin, dict) else {})


# Both are facts of the process: what was imported at its start is what runs, whatever is installed meanwhile.
@functools.cache
def _known(further: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    plugins = (point.dist.name for point in importlib.metadata.entry_points(group=PROJECT) if point.dist)
    names = sorted({PROJECT, *_LIBRARIES, *further, *filter(None, plugins)})
    return {name: about for name in names if (about := describe_distribution(name)) is not None}


@functools.cache
def _cpu() -> str | None:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip() or None
    except OSError:
        pass
    return platform.processor() or None


def _origin(origin: dict[str, Any]) -> dict[str, Any]:
    """Return what PEP 610's direct_url.json tells, without credentials and without local paths."""
    url = str(origin.get("url", ""))
    vcs = origin.get("vcs_info")
    if isinstance(vcs, dict):
        return {"vcs": str(vcs.get("vcs", "")), "commit": str(vcs.get("commit_id", "")), "url": _public(url)}
    folder = origin.get("dir_info")
    if isinstance(folder, dict):
        if not folder.get("editable"):
            return {"local": True}
        return {"editable": True, **_git(Path(unquote(urlsplit(url).path)))}
    archive = origin.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    if not isinstance(hashes, dict):
        return {}
    return {"url": _public(url), "hashes": {str(name): str(value) for name, value in hashes.items()}}


def _public(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _git(folder: Path) -> dict[str, Any]:
    commit = _run_git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _run_git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changed is None else bool(changed)}


def _run_git(folder: Path, *arguments: str) -> str | None:
    """Return what git says, None where there is no git or no repository."""
    # GIT_DIR and the like would point git at another repository; a lock would disturb the user's own git.
    settings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's git, wherever it is
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env=settings,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _torch(threads: int | None) -> dict[str, Any] | None:
    """Return torch's switches if it is loaded; it is never loaded for this."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return None
    found = {
        "threads": torch.get_num_threads() if threads is None else threads,
        "deterministic_algorithms": bool(torch.are_deterministic_algorithms_enabled()),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
    }
    if torch.cuda.is_available():
        found["cuda"] = torch.version.cuda
        found["devices"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        found["cudnn_deterministic"] = bool(torch.backends.cudnn.deterministic)
        found["allow_tf32"] = bool(torch.backends.cuda.matmul.allow_tf32)
    return found
