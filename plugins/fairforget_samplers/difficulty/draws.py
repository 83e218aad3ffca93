"""Scores made of random draws: move the weights, score all samples, and again; then say how far to trust the mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from fairforget.api import Scores
from fairforget_samplers.difficulty.drawn import Drawn, collect
from fairforget_samplers.difficulty.reasons import NOT_FINITE
from fairforget_samplers.difficulty.reliability import finite_mean, split_half, standard_error
from fairforget_samplers.difficulty.resolution import (
    Resolution,
    displacement,
    rounding_share,
    rounding_warnings,
)

if TYPE_CHECKING:
    from fairforget.lm.change import Change
    from fairforget.lm.perturb import Perturbation
    from fairforget.lm.tokens import SampleSet

Layers = Literal["all", "adapters", "base"] | Sequence[str]
"""Which weights are moved: a word, or glob patterns of parameter names (``model.layers.0.*``)."""
MOST: Final = 1_000_000
"""Draws that may be asked for: each has a number of its own in memory, and none wants a hundredth of so many."""
Precision = Literal["auto", "bfloat16"]
"""Of weights and passes: that of the model, or rounded for the time of the scoring."""
TOO_MANY = 0.01
"""Share of draws that are not finite above which sigma is said to be too large."""


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A score that is a mean over directions of the noise.

    The weights are moved along a direction, and the whole set is scored by one pass; where it is antithetic, they are
    moved to its other side too, and the value of the direction is the mean of both. All samples share the directions:
    a set costs as many moves as a sample does, and the errors of its scores are correlated.
    """

    name: str
    """Of the difficulty, for messages."""
    measure: Callable[[Any, SampleSet, int], Change]
    """Takes samples on the model as it is, in batches of so many tokens."""
    sigma: float
    directions: int
    resolution: Resolution
    fold: Callable[[np.ndarray], np.ndarray] = np.asarray
    """What is done to the change at one point (n,) before any mean is taken."""
    antithetic: bool = False
    relative: bool = False
    """Whether sigma is in units of each weight's root mean square."""
    layers: Layers = "all"
    scope: Literal["answer", "full"] = "answer"
    batch_tokens: int | None = None
    unusable: str = NOT_FINITE
    """Why a sample has no score where the unchanged model is not finite for it."""
    until: float | None = None
    """Split-half reliability at which to end before all directions are drawn."""
    dtype: Precision = "auto"
    """``bfloat16`` rounds the weights, their noise and the passes, whatever sigma is: for showing what that does."""
    portions: Callable[[Any, SampleSet], list[list[int]]] | None = None
    """Which samples are measured together, where not all of them can be; the directions are then drawn for each."""

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Return |mean over directions|, its standard error and reliability, and in the details what it took.

        The model has its own weights again afterwards, bitwise, whatever happens.

        Raises:
            FairforgetError: weights in half precision, a sigma that is too small for them, layers that do not exist.
        """
        from fairforget.lm.change import in_scope, scorable
        from fairforget.lm.forward import evaluating
        from fairforget.lm.perturb import perturbation
        from fairforget.lm.weights import require_full_precision

        require_full_precision(model, f"difficulty {self.name}")
        # Drawn up front: the directions do not depend on the samples or on where the stop falls.
        seeds = [int(seed) for seed in rng.integers(2**63, size=self.directions)]
        halver = np.random.default_rng(int(rng.integers(2**63)))
        scoped = in_scope(samples, self.scope)
        kept, excluded = scorable(scoped)
        with evaluating(model), self._precision(model), perturbation(model, self.layers) as noise:
            size = displacement(model, noise, self.sigma, relative=self.relative)
            warnings = [] if self._rounds else self.resolution.check(self.name, self.sigma, size)
            drawn = self._drawn(model, scoped.take(kept), noise, seeds, halver)
            dtype = str(noise.weights[0].dtype).removeprefix("torch.")
            moved = {"moved_share": noise.moved_share()} if self._rounds else {}
        values, errors = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
        values[kept], errors[kept] = np.abs(finite_mean(drawn.values)), standard_error(drawn.values)
        for position, finite in zip(kept, drawn.finite, strict=True):
            if np.isnan(values[position]):
                why = "no draw is finite" if finite else self.unusable
                excluded[samples[position].sample.id] = why
        reliability = split_half(drawn.values, halver) if drawn.reliability is None else drawn.reliability
        told = self.resolution.second_order and not self._rounds
        share = rounding_share(values[kept], drawn.linear, size) if told else None
        failed = ~np.isfinite(drawn.values[:, drawn.finite])
        details = {
            "scope": self.scope,
            "sigma": self.sigma,
            "sigma_unit": "rms" if self.relative else "absolute",
            "sigma_over_rms": size if math.isfinite(size) else None,
            "antithetic": self.antithetic,
            "directions": drawn.directions,
            "forwards": drawn.forwards,
            "dtype": dtype,
            **moved,
            "layers": self.layers if isinstance(self.layers, str) else list(self.layers),
            "weights": sum(w.numel() for w in noise.weights),
            "tokens": drawn.tokens,
            "near_zero_share": drawn.near_zero / max(1, drawn.tokens),
            "clamped_tokens": drawn.clamped,
            "non_finite_draws": int(failed.sum()),
            "rounding_share": share,
            "excluded": excluded,
        }
        warnings += [*self._warnings(drawn, reliability, failed), *rounding_warnings(self.name, share)]
        return Scores(values, errors, reliability, {**details, "warnings": warnings})

    @property
    def _rounds(self) -> bool:
        return self.dtype != "auto"

    def _precision(self, model: Any) -> AbstractContextManager[None]:
        import torch

        from fairforget.lm.rounded import rounded

        return rounded(model, torch.bfloat16) if self._rounds else nullcontext()

    def _drawn(
        self, model: Any, samples: SampleSet, noise: Perturbation, seeds: list[int], halver: np.random.Generator
    ) -> Drawn:
        from fairforget.lm.batching import best_batch_tokens

        parts = [list(range(len(samples)))] if self.portions is None else self.portions(model, samples)
        found = []
        for part in parts:
            some = samples.take(part)
            noise.restore()
            change = self.measure(model, some, self.batch_tokens or best_batch_tokens(model, some))
            found.append(collect(self, noise, change, seeds, halver))
        return Drawn.joined(found, parts)

    def _warnings(self, drawn: Drawn, reliability: float | None, failed: np.ndarray) -> Iterable[str]:
        if self._rounds:
            yield (
                f"{self.name}: weights, noise and passes are rounded to {self.dtype}, which is most of the score at a "
                "small sigma; this shows what half precision does and is no score to use"
            )
        if self.until is not None and reliability is not None and reliability < self.until:
            yield (
                f"{self.name}: reliability {reliability:.2f} after {drawn.forwards} forwards, {self.until:g} was "
                "wanted; raise max_forwards"
            )
        if failed.size and failed.mean() > TOO_MANY:
            yield (f"{self.name}: {failed.mean():.0%} of the draws are not finite; sigma = {self.sigma:g} is too large")
        sound = drawn.values[:, drawn.finite]
        sound = sound[np.isfinite(sound)]
        if sound.size and not sound.any():
            yield f"{self.name}: no draw changed any sample; the weights that were moved have no say in the predictions"
