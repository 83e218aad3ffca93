"""Files and bytes that a study leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fairforget.scale.shapes import Shape

IN_RUN: Final = ("study.yaml", "draws.json", "plan.json", "board.md", "board.html", "board.json")
"""Files of a run beside ``cells/``."""
IN_TARGET: Final = (
    *("config.json", "generation_config.json", "meta.json", "model.safetensors"),
    *("tokenizer.json", "tokenizer_config.json"),
)
"""Files of a target or an oracle in the cache; weights of more than some gigabytes are in several files."""
_HASH: Final = 64
"""Hex digits of a SHA-256."""


@dataclass(frozen=True, slots=True)
class RecordSize:
    """What the length of a record depends on."""

    columns: int
    """Columns of scores."""
    values: int
    """Values of samples, over all columns."""
    samples: int
    """Samples that were measured, each with a hash."""
    negatives: int
    """Samples that membership attacks compare with, over all columns."""
    forget: int
    """Samples of the forget set."""
    epochs: int
    """Of unlearning."""
    name: int = 15
    """Characters of a sample's id."""

    @property
    def bytes(self) -> int:
        """Length of the file, about.

        The form of the JSON gives most of it: an id and quotes, a hash or a number of up to 18 digits, of which those
        that are 0 or 1 take three. Lengths of names, options and versions are those of the task ``biographies``.
        """
        head = 1_400 + 700 + 750 + 550  # task, target, budget; phases of the ledger; environment; rest
        columns = self.columns * (300 + 270)  # a metric with its options in the cell; its score
        values = self.values * (self.name + 14) + self.negatives * (self.name + 22)
        hashes = self.samples * (self.name + _HASH + 6)
        forget = self.forget * (self.name + 3 + self.name + 6 + self.name + 22)  # draw, visits, difficulty
        return head + 80 * self.epochs + columns + values + hashes + forget


def files_of_run(cells: int) -> int:
    """Return how many files a finished run's folder holds."""
    return cells + len(IN_RUN)


def files_of_cache(targets: int, scores: int) -> int:
    """Return how many files the cache holds: of targets and oracles, on the pool, and of difficulties; each a lock."""
    return targets * (len(IN_TARGET) + 1) + 2 * (1 + scores)


def weights_bytes(shape: Shape, element: int = 4) -> int:
    """Return the bytes of the weights of one target or oracle on disk.

    Args:
        shape: of the model.
        element: bytes of a weight: 4 = float32.
    """
    return shape.parameters * element
