"""The folder of a target in the cache: whole or not there, whatever happens to the process that makes it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.lm.sources import digests

META: Final = "meta.json"
SCHEMA: Final = 1


def weights_digest(model: Any) -> str:
    """Return the SHA-256 (hex) of the names, types, shapes and bytes of all weights."""
    import torch

    whole = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        whole.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        whole.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return whole.hexdigest()


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Return what meta.json says, or None where there is none that can be used."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    keys = {"schema", "identity", "weights", "digest", "files"}
    if not isinstance(meta, dict) or not keys <= meta.keys() or meta["schema"] != SCHEMA:
        return None
    return meta


def intact(folder: Path) -> bool:
    """Return whether the folder holds a whole target: every file with the digest that meta.json gives."""
    meta = read_meta(folder)
    if meta is None:
        return False
    try:
        found = digests(folder)
    except OSError:
        return False
    return bool(meta["files"] == {name: digest for name, digest in found.items() if name != META})


def clear(folder: Path) -> None:
    """Remove a torn target and what dead owners of the lock have left."""
    for stale in (folder, *folder.parent.glob(f".{folder.name}.*.part")):
        shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a target; the system releases it when its owner dies, however that happens."""
    from filelock import FileLock

    path = folder.with_name(f".{folder.name}.lock")
    held = FileLock(str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except OSError as error:
        raise FairforgetError(unwritable(path.parent, error)) from error
    try:
        yield
    finally:
        held.release()


def unwritable(folder: Path, error: Exception) -> str:
    """Return what to say where the cache cannot be written."""
    why = getattr(error, "strerror", None) or error
    return (
        f"the cache folder {str(folder)!r} cannot be written: {why}; "
        "free space there, or set FAIRFORGET_CACHE to a folder that can be written"
    )
