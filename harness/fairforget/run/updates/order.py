"""Which forget samples and which retain partners each update meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairforget.api import Curriculum, Sample
from fairforget.errors import FairforgetError
from fairforget.run.seeds import stream
from fairforget.run.updates.weighted import draw_epoch, effective_size

Score = Callable[[int], np.ndarray | None]
"""Scores the forget samples on the model as it now is; the argument is the epoch. None where nobody can pay for it."""


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
    """One entry an epoch that was begun:

    - ``epoch``, and ``effective_sample_size``: (Σw)² / Σw² of the weights, or of the visits where an order was given;
    - ``scored``: the forget samples were scored before it; ``undefined``: how many of the scores are no numbers;
    - ``samples`` and ``distinct``: met in its updates, and how many of them differ; ``seen``: distinct since the start.
    """
    visits: np.ndarray = field(init=False)
    """(n,) how often each forget sample was met in an update, as told by `visit`."""
    _met: set[int] = field(default_factory=set)
    """Positions met in this epoch."""

    def __post_init__(self) -> None:
        """Start counting."""
        self.visits = np.zeros(len(self.samples), dtype=int)

    @property
    def updates_per_epoch(self) -> int:
        """Updates that meet as many samples as there are, the last batch being smaller."""
        return -(-len(self.samples) // self.batch_size)

    def epochs(self, score: Score, progress: Callable[[], float]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield (forget positions, retain positions) until `score` returns None; else the taker stops."""
        scores: np.ndarray | None = None
        update = epoch = 0
        while True:
            scored, every = False, self.curriculum.refresh_every()
            if self.curriculum.difficulty() is not None and (epoch == 0 or (every is not None and epoch % every == 0)):
                scores = score(epoch)
                if scores is None:
                    return
                scored = True
            positions, effective = self._epoch(epoch, scores, progress())
            self._begin(epoch, effective, scores if scored else None)
            for start in range(0, len(positions), self.batch_size):
                chosen = positions[start : start + self.batch_size]
                yield chosen, self._partners(update, len(chosen))
                update += 1
            epoch += 1

    def visit(self, positions: Sequence[int]) -> None:
        """Note that an update met these samples."""
        np.add.at(self.visits, list(positions), 1)
        if self.log:
            self._met.update(positions)
            now = self.log[-1]
            now["samples"] += len(positions)
            now |= {"distinct": len(self._met), "seen": int((self.visits > 0).sum())}

    def _begin(self, epoch: int, effective: float, scores: np.ndarray | None) -> None:
        self._met.clear()
        asked = {} if scores is None else {"scored": True, "undefined": int((~np.isfinite(scores)).sum())}
        counts = {"samples": 0, "distinct": 0, "seen": int((self.visits > 0).sum())}
        self.log.append({"epoch": epoch, "effective_sample_size": effective, **asked, **counts})

    def _epoch(self, epoch: int, scores: np.ndarray | None, progress: float) -> tuple[list[int], float]:
        """Return the positions of an epoch, and the effective sample size of its weights."""
        rng = stream(*self.identity, "order", epoch)
        n = len(self.samples)
        weights = self.curriculum.weights(self.samples, scores, progress)
        if weights is None:
            positions = list(self.curriculum.order(self.samples, scores, rng))
            if not positions or min(positions) < 0 or max(positions) >= n:
                msg = f"curriculum {type(self.curriculum).__name__} ordered positions outside 0 … {n - 1}"
                raise FairforgetError(msg)
            return positions, effective_size(np.bincount(positions, minlength=n))
        p = np.asarray(weights, dtype=float)
        if p.shape != (n,) or not np.isfinite(p).all() or (p < 0).any() or p.sum() <= 0:
            msg = (
                f"curriculum {type(self.curriculum).__name__} returned weights that are not {n} finite, non-negative "
                "numbers with a positive sum"
            )
            raise FairforgetError(msg)
        p = p / p.sum()
        return draw_epoch(p, self.curriculum.replaced_after(), self.batch_size, rng), effective_size(p)

    def _partners(self, update: int, count: int) -> list[int]:
        if not self.retain:
            return []
        # A whole batch is drawn whatever its size, so that a shorter last batch shifts no later partner.
        rng = stream(*self.identity, "partners", update)
        return [int(i) for i in rng.integers(self.retain, size=self.batch_size)[:count]]
