"""Engines for clusters: Slurm by submitit, Ray. Their libraries are extras, imported when an engine is opened."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_engines() -> Iterable[Entry]:
    """Name the engines."""
    return (
        Entry("ray", "fairforget_engines.ray:Ray", "cells on the nodes of a Ray cluster"),
        Entry("submitit", "fairforget_engines.submitit:Submitit", "cells as arrays of Slurm jobs"),
    )
