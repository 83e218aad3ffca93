"""How much memory this machine has, and how much of it is free: limits of containers and of processes included."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path("/")
_PATIENCE: Final = 5.0
"""Seconds for the driver of GPUs to answer."""
_KIB: Final = 1024
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes; `math.inf` where nothing says."""

    capacity: float
    """That all processes of a study together may ever have, swap included."""
    free: float
    """Of it, without what others now use; what the system can take back (files it has cached) counts as free."""
    process: float
    """That one process may have (``ulimit -v``, ``ulimit -d``)."""
    limit: str
    """What gives `capacity`: the machine, or a limit of a container."""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU."""

    name: str
    capacity: int
    free: int


def memory_here(root: Path = _ROOT) -> Memory:
    """Return what this process and its children may use.

    Args:
        root: where ``proc`` and ``sys`` lie.
    """
    told = _table(root / "proc" / "meminfo", _KIB)
    total, swap = told.get("MemTotal:", math.inf), _Swap(told.get("SwapTotal:", 0), told.get("SwapFree:", 0))
    capacity, free = total + swap.total, told.get("MemAvailable:", math.inf) + swap.free
    limit = "this machine"
    for group in _groups(root, swap):
        if group.capacity < capacity:
            capacity, limit = group.capacity, group.limit
        free = min(free, group.free)
    return Memory(capacity, min(free, capacity), _process_limit(), limit)


def devices_here(command: str = "nvidia-smi") -> tuple[Device, ...]:
    """Return the GPUs of this machine, in the order of CUDA's numbers; empty where none, or no driver, answers."""
    found = shutil.which(command)
    if found is None:
        return ()
    asked = [found, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout
        rows = [line.rsplit(",", 2) for line in said.splitlines() if line.strip()]
        return tuple(Device(name.strip(), int(total) * MIB, int(free) * MIB) for name, total, free in rows)
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def _process_limit() -> float:
    try:
        import resource
    except ImportError:  # not on every system
        return math.inf
    found = [resource.getrlimit(getattr(resource, name))[0] for name in ("RLIMIT_AS", "RLIMIT_DATA")]
    return min((float(limit) for limit in found if limit != resource.RLIM_INFINITY), default=math.inf)


@dataclass(frozen=True, slots=True)
class _Swap:
    total: int
    free: int


def _groups(root: Path, swap: _Swap) -> Iterator[Memory]:
    """Yield the control groups of this process that limit memory, of the second and the first version."""
    mounted = root / "sys" / "fs" / "cgroup"
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        top = mounted / "memory" if controllers else mounted
        for folder in _upwards(top, path):
            # A container sees its own group as the top, whatever its path is outside.
            found = (_first_version if controllers else _second_version)(folder, swap)
            if found is not None:
                yield found


def _upwards(top: Path, path: str) -> Iterator[Path]:
    parts = [part for part in path.strip("/").split("/") if part not in {"", ".", ".."}]
    for size in range(len(parts), -1, -1):
        yield top.joinpath(*parts[:size])


def _second_version(folder: Path, swap: _Swap) -> Memory | None:
    most = _number(folder / "memory.max")
    if most is None:
        return None
    swapped = _number(folder / "memory.swap.max")
    taken = _number(folder / "memory.swap.current") or 0
    used = (_number(folder / "memory.current") or 0) - _reclaimable(folder, "")
    total = swap.total if swapped is None else min(swapped, swap.total)
    left = swap.free if swapped is None else max(0, min(swapped - taken, swap.free))
    return Memory(most + total, max(0, most - used) + left, math.inf, f"the control group {folder}")


def _first_version(folder: Path, swap: _Swap) -> Memory | None:
    most = _number(folder / "memory.limit_in_bytes")
    if most is None or most >= 1 << 60:  # how the first version says that there is none
        return None
    both = _number(folder / "memory.memsw.limit_in_bytes")
    used = (_number(folder / "memory.usage_in_bytes") or 0) - _reclaimable(folder, "total_")
    capacity = most + swap.total if both is None else min(max(both, most), most + swap.total)
    return Memory(
        capacity, max(0, most - used) + min(swap.free, capacity - most), math.inf, f"the control group {folder}"
    )


def _reclaimable(folder: Path, prefix: str) -> int:
    stat = _table(folder / "memory.stat", 1)
    return sum(stat.get(f"{prefix}{kind}_file", 0) for kind in ("active", "inactive"))


def _table(file: Path, unit: int) -> dict[str, int]:
    rows: list[Any] = [line.split() for line in _text(file).splitlines()]
    return {row[0]: int(row[1]) * unit for row in rows if len(row) > 1 and row[1].isdigit()}


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
