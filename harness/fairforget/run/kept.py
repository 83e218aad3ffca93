"""Results worth keeping between studies, in files whose damage is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from fairforget.api.sample import digest_of
from fairforget.errors import MachineFault
from fairforget.run.group import from_first, leads
from fairforget.store.atomic import remove_partials, unwritable, write_text
from fairforget.store.lock import locked


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
    foreign file is made again. Two processes that want the same thing make it once: the second one waits. Those of a
    group (`fairforget.run.group`) make it together, and the first one keeps it.
    """
    read = partial(read_kept, folder, identity)
    if (found := from_first(read)) is not None:
        return found
    path = _path(folder, identity)
    with _alone(path) if leads() else nullcontext():
        remove_partials(folder)
        if (found := from_first(read)) is not None:
            return found
        content = dict(make())
        if leads():
            whole = {"identity": dict(identity), "content": content, "sha256": digest_of(content)}
            write_text(path, json.dumps(whole, sort_keys=True, allow_nan=False))
        return content


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path.with_suffix(".lock")))
        except OSError as error:
            raise MachineFault(unwritable(path, error)) from error
        yield


def _path(folder: Path, identity: Mapping[str, Any]) -> Path:
    return folder / f"{digest_of(dict(identity))[:24]}.json"
