"""First-party engines: where cells run."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget.hookspecs import Entry, hookimpl


@hookimpl
def fairforget_engines() -> Iterable[Entry]:
    """Name the engines."""
    return (
        Entry("inline", "fairforget.engines.inline:Inline", "one cell after another in this process"),
        Entry("local", "fairforget.engines.local:Local", "cells side by side in processes of this machine"),
    )
