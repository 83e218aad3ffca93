"""Folders of targets and of converted bases in the cache: whole or not there, whatever happens to their makers."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from fairforget.api.sample import digest_of
from fairforget.errors import MachineFault
from fairforget.lm.sources import digests
from fairforget.store.lock import Lock, locked

META: Final = "meta.json"
TARGETS: Final = "targets"
"""The folder of targets in the cache."""
SCHEMA: Final = 1


def made_once(folder: Path, make: Callable[[Path], Mapping[str, Any]]) -> Path:
    """Return a folder of the cache; make it where the cache has none, or a torn one.

    It is made in a folder beside and moved to its place when it is whole, under a lock that dies with its owner; who
    comes second waits. What is found is compared with its digests first, and made anew where they differ.

    Args:
        folder: its place; the name is a digest of what it is.
        make: writes everything but meta.json into the folder it is given, and returns the meta.

    Raises:
        MachineFault: the cache cannot be written.
    """
    from safetensors import SafetensorError

    if intact(folder):
        return folder
    with lock(folder) as held:
        if intact(folder):
            return folder
        clear(folder, parts=held.guards)
        part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            part.mkdir()
            meta = {"schema": SCHEMA, "id": folder.name, **make(part), "files": digests(part)}
            (part / META).write_text(meta_text(meta), encoding="utf-8")
            _move(part, folder)
        except (OSError, SafetensorError) as error:
            raise MachineFault(unwritable(folder.parent, error)) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _move(part: Path, folder: Path) -> None:
    try:
        part.replace(folder)
    except OSError:
        if not intact(folder):  # where the file system has no locks, another may have made it meanwhile
            raise


def versions() -> dict[str, str]:
    """Return the versions of what weights depend on."""
    found = {}
    for name in ("fairforget", "torch", "transformers", "tokenizers", "peft"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


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
    keys = {"schema", "identity", "weights", "digest", "files"}
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        if not isinstance(meta, dict) or not keys <= meta.keys() or meta["schema"] != SCHEMA:
            return None
        # Targets made before there was a seal are as whole as their files.
        return meta if meta.get("sha256") in (None, _seal(meta)) else None
    except (OSError, ValueError, RecursionError):
        return None


def meta_text(meta: Mapping[str, Any]) -> str:
    """Return what to write as meta.json, sealed: an edit of it is noticed as one of the weights is."""
    return json.dumps({**meta, "sha256": _seal(meta)}, indent=1, sort_keys=True, allow_nan=False) + "\n"


def made_weights(cache: Path, target: str) -> str | None:
    """Return the digest of the weights of a target by its id, or None where the cache does not have it."""
    meta = read_meta(cache / TARGETS / target)
    return None if meta is None else str(meta["digest"])


def intact(folder: Path) -> bool:
    """Return whether the folder is whole: every file with the digest that meta.json gives."""
    meta = read_meta(folder)
    if meta is None:
        return False
    try:
        found = digests(folder)
    except OSError:
        return False
    return bool(meta["files"] == {name: digest for name, digest in found.items() if name != META})


def clear(folder: Path, *, parts: bool = True) -> None:
    """Remove a torn folder, and the `parts` that dead owners of the lock have left."""
    for stale in (folder, *(folder.parent.glob(f".{folder.name}.*.part") if parts else ())):
        shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def lock(folder: Path) -> Iterator[Lock]:
    """Hold the lock of a folder; the system releases it when its owner dies, however that happens."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(locked(lock_path(folder)))
        except OSError as error:
            raise MachineFault(unwritable(folder.parent, error)) from error
        yield held


def lock_path(folder: Path) -> Path:
    """Return the file whose lock is held while a folder is made."""
    return folder.with_name(f".{folder.name}.lock")


def unwritable(folder: Path, error: Exception) -> str:
    """Return what to say where the cache cannot be written."""
    why = getattr(error, "strerror", None) or error
    return (
        f"the cache folder {str(folder)!r} cannot be written: {why}; "
        "free space there, or set FAIRFORGET_CACHE to a folder that can be written"
    )


def _seal(meta: Mapping[str, Any]) -> str:
    return digest_of({key: value for key, value in meta.items() if key != "sha256"})
