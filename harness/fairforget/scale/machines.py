"""Accelerators on paper: what their makers say, and what of it a program may expect. Nothing here was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UTILISATION: Final = 0.4
"""Share of the peak that training reaches, as assumed here. PaLM reports 46 % (Chowdhery et al. 2022, 2204.02311,
table 3), and 21 to 33 % for three others; small models and short texts reach less."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One device; dense rates, without sparsity."""

    name: str
    half: float
    """FLOP/s of products in bfloat16."""
    single: float
    """FLOP/s in float32 as torch computes it unless told otherwise: without tensor cores."""
    bandwidth: float
    """Bytes a second from its memory."""
    memory: float
    """Bytes."""
    source: str


A100: Final = Accelerator("A100 80 GB SXM", 312e12, 19.5e12, 2.039e12, 80e9, "NVIDIA A100 Tensor Core GPU data sheet")
H100: Final = Accelerator("H100 80 GB SXM", 989e12, 67e12, 3.35e12, 80e9, "NVIDIA H100 Tensor Core GPU data sheet")


def seconds(flops: float, rate: float, utilisation: float = UTILISATION) -> float:
    """Return how long so many FLOPs take.

    Args:
        flops: of the work.
        rate: peak of all devices together, FLOP/s.
        utilisation: share of the peak that is reached.
    """
    return flops / (rate * utilisation)


def decoding_seconds(weights: float, steps: int, bandwidth: float) -> float:
    """Return how long decoding takes at least: every step reads all weights once, whatever the batch.

    Args:
        weights: bytes.
        steps: tokens of the longest answer of each batch, over the batches.
        bandwidth: bytes a second, of all devices together.
    """
    return weights * steps / bandwidth
