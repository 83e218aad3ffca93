"""Results worth keeping between studies, in files whose damage is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from fairforget.api.sample import digest_of
from fairforget.store.atomic import write_text


def read_kept(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is kept under `identity`, or None where there is nothing, or nothing sound."""
    try:
        whole = json.loads(_path(folder, identity).read_bytes())
        content: dict[str, Any] = whole["content"]
        sound = whole["identity"] == dict(identity) and whole["sha256"] == digest_of(content)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return content if sound else None


def keep(folder: Path, identity: Mapping[str, Any], make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is kept under `identity`, or make it and keep it.

    The file's name is a hash of the identity, so a change in any part of it is another file. A torn, edited or
    foreign file is made again. Two processes that want the same thing make it once: the second one waits.
    """
    if (found := read_kept(folder, identity)) is not None:
        return found
    path = _path(folder, identity)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if (found := read_kept(folder, identity)) is not None:
            return found
        content = dict(make())
        whole = {"identity": dict(identity), "content": content, "sha256": digest_of(content)}
        write_text(path, json.dumps(whole, sort_keys=True, allow_nan=False))
        return content


def _path(folder: Path, identity: Mapping[str, Any]) -> Path:
    return folder / f"{digest_of(dict(identity))[:24]}.json"
