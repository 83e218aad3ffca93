"""The door opens; what stands behind it cannot be imported."""

from __future__ import annotations

from fairforget import Entry, hookimpl

CAUGHT_BY = "loads"


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutantt")]
