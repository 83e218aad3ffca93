"""Jobs and workers as the crew of a cluster keeps them, and what becomes of both."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from fairforget.engines.outcome import result_of


@dataclass(eq=False)
class Job:
    """A call, and the future that is told how it ended."""

    call: bytes
    future: Future[Any] = field(default_factory=Future)
    begun: bool = False
    deaths: int = 0
    """Workers that died over it."""


@dataclass(eq=False)
class Hand:
    """A worker."""

    actor: Any
    answer: Any
    """What it is working on, as Ray's reference; None when it has nothing to do."""
    ready: bool = False
    job: Job | None = None
    since: float = field(default_factory=time.monotonic)
    """When its last job ended."""


def settle(future: Future[Any], found: bytes) -> None:
    """Tell a future how its job ended, from the `outcome` of it."""
    try:
        value = result_of(found)
    except BaseException as error:  # noqa: BLE001 - it comes out of result()
        future.set_exception(error)
    else:
        future.set_result(value)


def told(error: Exception) -> str:
    """Return what Ray says of an error, in one line; of a death where and why, and no numbers of its own."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    if getattr(error, "actor_init_failed", False):
        return plain.strip().splitlines()[-1][:400]  # what was raised, after the traceback
    text = " ".join(plain.split())
    if cause := re.search(r"The actor is dead because (?:its |the )?(.+)", text):
        place = re.search(r"\bip: (\S+)", text)
        text = f"on {place[1]}: {cause[1]}" if place else cause[1]
    return text[:400] or type(error).__name__
