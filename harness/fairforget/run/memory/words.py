"""Saying what a study needs, and what to do where it is too much."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fairforget.errors import FairforgetError
from fairforget.run.memory.forecast import MemoryForecast
from fairforget.run.memory.need import Need
from fairforget.study.plan import Plan


def told(found: MemoryForecast) -> Iterator[str]:
    """Yield the lines that ``--dry-run`` prints."""
    need, place = found.dearest, found.place
    what = "a process" if found.on_machine else "of a GPU a process"
    yield f"estimated memory: {spell_bytes(found.process)} {what} at its peak, {need.what} ({_parts(need)})"
    free, capacity, whose = _there(found)
    if math.isfinite(capacity):
        at_once = _processes(place.processes if found.on_machine else place.shared)
        there = f"{spell_bytes(free)} of {spell_bytes(capacity)} are free ({whose})"
        yield f"  {spell_bytes(found.together)} with {at_once}; {there}"


def check_memory(found: MemoryForecast, plan: Plan, cells: int) -> str | None:
    """Return what to know where memory may not suffice, None where it is expected to.

    Args:
        found: what is needed and what is there.
        plan: of the study, for the mends.
        cells: to be run.

    Raises:
        FairforgetError: it cannot suffice; the message has the figures and the mends.
    """
    place, least = found.place, found.least(cells)
    need = max(found.needs, key=lambda need: need.least)
    alone, mends = need.least / place.split, _mends(plan, place.processes, weights=True)
    why = f"{need.what} needs at least {spell_bytes(need.least)} ({_parts(need, least=True)})"
    if place.memory is not None and alone > place.memory.process:
        allowed = spell_bytes(place.memory.process)
        msg = f"the study cannot run: {why}, and a process may have {allowed} (ulimit -v, -d); raise that, or {mends}"
        raise FairforgetError(msg)
    free, capacity, whose = _there(found)
    if least > capacity:
        msg = (
            f"the study cannot run in the memory there is: {why}; with {_processes(place.processes)} at least "
            f"{spell_bytes(least)} are needed, and {whose} has {spell_bytes(capacity)}; {mends}"
        )
        raise FairforgetError(msg)
    if found.together <= free:
        return None
    at_once = _processes(place.processes if found.on_machine else place.shared)
    return (
        f"memory may not suffice: about {spell_bytes(found.together)} with {at_once}, most of it for "
        f"{found.dearest.what} ({_parts(found.dearest)}), and {spell_bytes(free)} are free ({whose}); where a process "
        f"is killed, {_mends(plan, place.processes)}"
    )


def spell_bytes(number: float) -> str:
    """Return bytes as a reader wants them: 310 MiB, 1.4 GiB."""
    mib = number / (1 << 20)
    if not math.isfinite(mib):
        return "any amount"
    return f"{mib:.0f} MiB" if mib < 999.5 else f"{mib / 1024:,.1f} GiB"


def _there(found: MemoryForecast) -> tuple[float, float, str]:
    """Return what is free, the most there can be, and whose it is; no limit where nothing is known."""
    if (memory := found.place.memory) is not None:
        return memory.free, memory.capacity, memory.limit
    if devices := found.place.devices:
        # The study runs where its largest GPU suffices for one cell, and is slowed where the smallest does not.
        return float(min(d.free for d in devices)), float(max(d.capacity for d in devices)), f"a GPU, {devices[0].name}"
    return math.inf, math.inf, ""


def _parts(need: Need, *, least: bool = False) -> str:
    sizes = {part.name: part.least if least else part.likely for part in need.parts if part.name}
    told = [f"{name} {spell_bytes(size)}" for name, size in sizes.items() if size >= 1 << 20]
    return ", ".join(told) or "less than 1 MiB"


def _processes(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"


def _mends(plan: Plan, processes: int, *, weights: bool = False) -> str:
    """Return what makes a study smaller, as far as it is not done already; what keeps every number comes first.

    Args:
        plan: of the study.
        processes: at once.
        weights: whether it is weights that are too many, and nothing that depends on texts.
    """
    optimizer, model = plan.study.optimizer, plan.study.model
    mends = ["fewer workers (--engine local:1)"] if processes > 1 else []
    if not model.gradient_checkpointing and not weights:
        mends.append("model.gradient_checkpointing: true")
    if optimizer.micro_batch_size is None and not weights:
        mends.append("optimizer.micro_batch_size: 1")
    if optimizer.adapter is None:
        mends.append("a LoRA adapter (optimizer.adapter: {r: 8})")
    if model.dtype == "float32" and model.path is not None:
        mends.append("model.dtype: bfloat16")
    return f"take {', '.join([*mends, 'a smaller model'])}, or split the model over devices by --engine fsdp:N"
