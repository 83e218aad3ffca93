"""Which forget samples and which retain partners each update meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairforget.api import Curriculum, Sample
from fairforget.errors import FairforgetError
from fairforget.run.seeds import stream

Score = Callable[[int], np.ndarray]
"""Scores the forget samples on the model as it now is; the argument is the epoch."""


@dataclass
class Order:
    """The stream of batches of one cell, as positions in the forget and in the retain samples.

    The forget positions come from the curriculum; the partners are derived from (draw, seed, update, slot) alone, so
    every method and every curriculum meets the same ones.
    """

    samples: Sequence[Sample]
    curriculum: Curriculum
    batch_size: int
    retain: int
    """Number of retain samples to choose partners from."""
    identity: tuple[str | int, ...]
    """(draw digest, seed): what the random numbers depend on."""
    log: list[dict[str, Any]] = field(default_factory=list)
    """One entry an epoch: effective sample size of the weights, distinct samples met."""
    visits: np.ndarray = field(init=False)
    """(n,) how often each forget sample was met in an update, as told by `visit`."""

    def __post_init__(self) -> None:
        """Start counting."""
        self.visits = np.zeros(len(self.samples), dtype=int)

    @property
    def updates_per_epoch(self) -> int:
        """Updates that meet as many samples as there are, the last batch being smaller."""
        return -(-len(self.samples) // self.batch_size)

    def epochs(self, score: Score, progress: Callable[[], float]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield (forget positions, retain positions) for ever; the taker stops."""
        scores: np.ndarray | None = None
        update = epoch = 0
        while True:
            every = self.curriculum.refresh_every()
            if self.curriculum.difficulty() is not None and (epoch == 0 or (every is not None and epoch % every == 0)):
                scores = score(epoch)
            positions = self._epoch(epoch, scores, progress())
            for start in range(0, len(positions), self.batch_size):
                chosen = positions[start : start + self.batch_size]
                yield chosen, self._partners(update, len(chosen))
                update += 1
            epoch += 1

    def visit(self, positions: Sequence[int]) -> None:
        """Note that an update met these samples."""
        np.add.at(self.visits, list(positions), 1)

    def _epoch(self, epoch: int, scores: np.ndarray | None, progress: float) -> list[int]:
        rng = stream(*self.identity, "order", epoch)
        n = len(self.samples)
        weights = self.curriculum.weights(self.samples, scores, progress)
        if weights is None:
            positions = list(self.curriculum.order(self.samples, scores, rng))
            if not positions or min(positions) < 0 or max(positions) >= n:
                msg = f"curriculum {type(self.curriculum).__name__} ordered positions outside 0 … {n - 1}"
                raise FairforgetError(msg)
            self.log.append({"epoch": epoch, "distinct": len(set(positions))})
            return positions
        p = np.asarray(weights, dtype=float)
        if p.shape != (n,) or not np.isfinite(p).all() or (p < 0).any() or p.sum() <= 0:
            msg = (
                f"curriculum {type(self.curriculum).__name__} returned weights that are not {n} finite, non-negative "
                "numbers with a positive sum"
            )
            raise FairforgetError(msg)
        p = p / p.sum()
        positions = [int(i) for i in rng.choice(n, size=n, p=p)]
        ess = float(1 / np.square(p).sum())
        self.log.append({"epoch": epoch, "effective_sample_size": ess, "distinct": len(set(positions))})
        return positions

    def _partners(self, update: int, count: int) -> list[int]:
        if not self.retain:
            return []
        # A whole batch is drawn whatever its size, so that a shorter last batch shifts no later partner.
        rng = stream(*self.identity, "partners", update)
        return [int(i) for i in rng.integers(self.retain, size=self.batch_size)[:count]]
