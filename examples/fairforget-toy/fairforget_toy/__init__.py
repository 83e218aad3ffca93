"""The door: what this distribution adds."""

from __future__ import annotations

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_methods() -> list[Entry]:
    """Name the methods."""
    return [Entry("toy-bounded", "fairforget_toy.bounded:Bounded", "grad-diff whose forget term stops at a bound")]


@hookimpl
def fairforget_samplers() -> list[Entry]:
    """Name the samplers."""
    return [Entry("toy-attribute", "fairforget_toy.attribute:ByAttribute", "strata by an attribute of the samples")]


@hookimpl
def fairforget_tasks() -> list[Entry]:
    """Name the tasks."""
    return [Entry("toy-villages", "fairforget_toy.villages:Villages", "made-up villages, three facts each")]


@hookimpl
def fairforget_difficulties() -> list[Entry]:
    """Name the difficulty scores."""
    target = "fairforget_toy.weakest_token:WeakestToken"
    return [Entry("toy-weakest-token", target, "how unlikely the least expected token of the completion is")]
