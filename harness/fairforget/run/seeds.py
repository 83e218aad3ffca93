"""Streams of random numbers that depend on what they are for, and on nothing else."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(*purpose: str | int) -> np.random.Generator:
    """Return the generator for one purpose, for example ``stream(draw_digest, seed, "order", epoch)``.

    Two purposes never share a stream, the same purpose always gets the same one, and asking for one moves no other:
    so every method meets the same order and the same retain partners on the same draw, whatever else it does.
    """
    return np.random.default_rng(np.random.SeedSequence(_entropy(purpose)))


def integer(*purpose: str | int) -> int:
    """Return a 63-bit integer for one purpose, for generators that are not numpy's."""
    return _entropy(purpose) >> 193


def _entropy(purpose: tuple[str | int, ...]) -> int:
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in purpose)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
