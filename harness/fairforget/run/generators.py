"""The global random generators of a process, lent to one cell, one look or one scoring."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from fairforget.run.seeds import integer


def devices_of(model: torch.nn.Module) -> list[torch.device]:
    """Return the devices beside the processor that a model's weights lie on."""
    return [d for d in {p.device for p in model.parameters()} if d.type == "cuda"]


@contextmanager
def lent_generators(devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Let the body draw from the generators of torch, numpy and Python; afterwards they are as they were.

    Args:
        devices: whose generators of torch are meant beside the processor's.
    """
    of_numpy, of_python = np.random.get_state(), random.getstate()  # noqa: NPY002 - what plugins may draw from
    try:
        with torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        np.random.set_state(of_numpy)  # noqa: NPY002
        random.setstate(of_python)


def seed_generators(*purpose: str | int) -> None:
    """Start all of them from one purpose, so that a plugin that draws from them gets the same numbers in every run."""
    torch.manual_seed(integer(*purpose, "torch"))
    np.random.seed(integer(*purpose, "numpy") % 2**32)  # noqa: NPY002
    random.seed(integer(*purpose, "python"))
