"""First-party engines: where cells run."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget.hookspecs import Entry, hookimpl


@hookimpl
def fairforget_engines() -> Iterable[Entry]:
    """Name the engines."""
    return (
        Entry("inline", "fairforget.engines.inline:Inline", "one cell after another in this process"),
        Entry("fsdp", "fairforget.engines.fsdp:Fsdp", "one cell at a time, its model split over several processes"),
        Entry("torchrun", "fairforget.engines.torchrun:Torchrun", "as fsdp, on the processes that torchrun started"),
        Entry("local", "fairforget.engines.local:Local", "cells side by side in processes of this machine"),
    )
