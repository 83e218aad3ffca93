"""Curricula that are written as a `torch.utils.data.Sampler`.

`SamplerCurriculum` is what another Sampler needs to take part; `length-buckets` is one that does.
"""

from __future__ import annotations

from typing import Any

from fairforget import Entry, hookimpl

__all__ = ["SamplerCurriculum", "fairforget_curricula"]


@hookimpl
def fairforget_curricula() -> list[Entry]:
    """Name the curricula."""
    target = "fairforget_torch_sampler.length_buckets:LengthBuckets"
    return [Entry("length-buckets", target, "samples of like length in one update, by a Sampler of torch")]


def __getattr__(name: str) -> Any:
    # Discovery imports this module; it must not pay for what a curriculum needs.
    if name == "SamplerCurriculum":
        from fairforget_torch_sampler.adapter import SamplerCurriculum

        return SamplerCurriculum
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
