"""Where the processes of a study run, as far as their memory goes."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from fairforget.api import Engine
from fairforget.engines.devices import devices_for
from fairforget.engines.fsdp import Fsdp
from fairforget.engines.inline import Inline
from fairforget.engines.local import Local
from fairforget.run.memory.machine import Device, Memory, devices_here, memory_here


@dataclass(frozen=True, slots=True)
class Place:
    """The processes that compute cells, and what they share."""

    processes: int
    """At once."""
    split: int = 1
    """Processes that a model is split over."""
    memory: Memory | None = None
    """Of the machine they run on; None where that is another, or the models lie on GPUs."""
    devices: tuple[Device, ...] = ()
    """That models lie on; empty also where nothing says how large they are."""
    shared: int = 1
    """Processes that have one GPU together."""


def place_of(engine: Engine) -> Place:
    """Return where an engine runs cells; of engines that use other machines nothing is known of their memory."""
    if isinstance(engine, Local):
        processes, split, names = engine.slots(), 1, devices_for(engine.devices)
    elif isinstance(engine, Fsdp):
        processes, split, names = engine.workers, engine.workers, devices_for("auto")
    elif isinstance(engine, Inline):
        processes, split, names = 1, 1, devices_for("auto")
    else:
        return Place(1)
    if not names or not _cuda():
        return Place(processes, split, memory_here())
    found = devices_here()
    numbered = [found[int(name)] for name in names if name.isdigit() and int(name) < len(found)]
    chosen = tuple(numbered) if len(numbered) == len(names) else found
    return Place(processes, split, None, chosen, -(-processes // len(names)))


def _cuda() -> bool:
    """Return whether torch was built for GPUs, without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    try:
        text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return True
    # Where it is built for one, it says which version; ROCm calls its own "hip".
    return any(re.search(rf"^{name}\b[^=]*= *['\"]", text, re.MULTILINE) for name in ("cuda", "hip"))
