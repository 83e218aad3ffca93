"""Memory removal difficulty by antithetic Monte Carlo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.difficulty.reliability import finite_mean, split_half, standard_error

if TYPE_CHECKING:
    from fairforget.lm.change import RelativeChange
    from fairforget.lm.perturb import Perturbation
    from fairforget.lm.tokens import SampleSet

FIRST_LOOK = 8
"""Pairs before the reliability is first asked for; then after every quarter more, so that few looks are lucky ones."""
ENOUGH_SAMPLES = 10
"""With fewer, a rank correlation says too little to stop by, and all draws are made."""


@dataclass(frozen=True)
class Mrd(Difficulty):
    r"""Relative change of a sample's log-likelihood under small noise on all weights (``mrd.out.mean``).

    .. math::
        \mathrm{MRD}_i = \Big|\mathbb E_{\delta\sim\mathcal N(0,\sigma^2I)}
            \frac1{n_i}\sum_t\frac{P_t(\theta)-P_t(\theta+\delta)}{P_t(\theta)}\Big|

    Eq. 4 (Definition 3.1) of arXiv 2504.06658 with the absolute value outside the expectation, where its Theorem 3.2
    needs it; P is the log-likelihood of a token. A larger value is easier to unlearn: the sample's likelihood gives
    way to small changes of the weights. It is a pure number proportional to sigma².

    Every draw is an antithetic pair, (S(δ) + S(-δ)) / 2, in which the linear term cancels exactly; single draws of so
    small a sigma measure that term's noise. One draw serves all samples, so their errors are correlated. Pairs are
    added until the split-half reliability is reached; with fewer than ten samples it cannot be told, and all are made.
    The details name what was spent and found, and ``warnings``.
    """

    higher_is = "easier"
    sigma: Annotated[float, "standard deviation of the noise on every weight", Field(gt=0)] = 1e-3
    reliability: Annotated[float, "split-half reliability at which the draws end", Field(gt=0, lt=1)] = 0.9
    max_forwards: Annotated[int, "forward passes over the samples, at most", Field(ge=5)] = 200
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int, "padded tokens a forward pass, at most", Field(ge=1)] = 4096

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, or sigma is too small for them.
        """
        from fairforget.lm.change import RelativeChange, in_scope, scorable
        from fairforget.lm.forward import evaluating
        from fairforget.lm.perturb import perturbation, require_full_precision

        require_full_precision(model, "difficulty mrd")
        # Drawn up front: the draws do not depend on the samples or on where the stop falls.
        seeds = [int(seed) for seed in rng.integers(2**63, size=(self.max_forwards - 1) // 2)]
        halver = np.random.default_rng(int(rng.integers(2**63)))
        scoped = in_scope(samples, self.scope)
        kept, excluded = scorable(scoped)
        with evaluating(model), perturbation(model) as noise:
            relative, resolved = self._resolution(noise)
            change = RelativeChange(model, scoped.take(kept), normalise=self.normalise, batch_tokens=self.batch_tokens)
            draws, reliability = self._draw(noise, change, seeds, halver)
        values, errors = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
        values[kept] = np.abs(finite_mean(draws))
        errors[kept] = standard_error(draws)
        failed = ~np.isfinite(draws[:, change.finite])
        for position, finite in zip(kept, change.finite, strict=True):
            if not finite:
                excluded[samples[position].sample.id] = "the model's own log-likelihood is not finite"
        details = {
            "variant": f"mrd.out.{self.normalise}",
            "scope": self.scope,
            "sigma": self.sigma,
            "sigma_over_rms": relative if math.isfinite(relative) else None,
            "pairs": len(draws),
            "forwards": 1 + 2 * len(draws) if kept else 0,
            "dtype": _dtype(noise),
            "weights": sum(w.numel() for w in noise.weights),
            "near_zero_share": change.near_zero / max(1, change.tokens),
            "clamped_tokens": change.clamped,
            "non_finite_draws": int(failed.sum()),
            "excluded": excluded,
        }
        warnings = self._warnings(reliability, len(draws), float(failed.mean()) if failed.size else 0.0)
        if relative < resolved:
            warnings.append(
                f"mrd: sigma is only {relative:.1g} of the weights' root mean square; rounding shows below 1e-3"
            )
        return Scores(values, errors, reliability, {**details, "warnings": warnings})

    def _draw(
        self, noise: Perturbation, change: RelativeChange, seeds: list[int], halver: np.random.Generator
    ) -> tuple[np.ndarray, float | None]:
        """Return the value of every pair (pairs, samples), not finite where the model broke, and their reliability."""
        pairs: list[np.ndarray] = []
        look = FIRST_LOOK
        enough = int(change.finite.sum()) >= ENOUGH_SAMPLES
        for seed in seeds if change.finite.any() else []:
            noise.move(seed, self.sigma)
            there = change()
            noise.reflect()
            pairs.append((there + change()) / 2)
            if enough and len(pairs) == look:
                reliability = split_half(np.stack(pairs), halver)
                if reliability is not None and reliability >= self.reliability:
                    return np.stack(pairs), reliability
                look = math.ceil(1.25 * look)
        draws = np.stack(pairs) if pairs else np.empty((0, len(change.finite)))
        return draws, split_half(draws, halver)

    def _resolution(self, noise: Perturbation) -> tuple[float, float]:
        """Return sigma over the weights' root mean square, and the least that the arithmetic resolves well.

        The value is of second order in sigma. As (sigma / rms)² comes near the machine epsilon, it becomes the rounding
        of the unperturbed pass, which all draws share: reliable, and wrong. Measured on two small Llamas, the rank
        correlation of float32 with float64 is as good as the draws allow from 6e-4 of the rms on, .57 and .63 at 2e-4,
        .43 and -.15 at 6e-5, with a split-half reliability above .96 throughout. Float64 weights are held to the same,
        because most architectures compute their norms in float32 whatever the weights are.

        Raises:
            FairforgetError: sigma is lost in the rounding.
        """
        import torch

        from fairforget.lm.perturb import root_mean_square

        rms = root_mean_square(noise.weights)
        epsilon = torch.finfo(torch.float32).eps
        if self.sigma < math.sqrt(epsilon) * rms:
            raise FairforgetError(
                f"difficulty mrd: sigma {self.sigma:g} is lost in the rounding of float32 at weights of root mean "
                f"square {rms:.3g}: all draws would share one rounding error, and the score would look reliable. Raise "
                f"sigma to at least {math.sqrt(8 * epsilon) * rms:.1g} (1e-3 is the default)"
            )
        return (self.sigma / rms if rms else math.inf), math.sqrt(8 * epsilon)

    def _warnings(self, reliability: float | None, pairs: int, failed: float) -> list[str]:
        found = []
        if reliability is not None and reliability < self.reliability:
            found.append(
                f"mrd: reliability {reliability:.2f} after {1 + 2 * pairs} forwards, {self.reliability:g} was wanted; "
                "raise max_forwards"
            )
        if failed > 0.01:
            found.append(f"mrd: {failed:.0%} of the draws are not finite; sigma = {self.sigma:g} is too large")
        return found


def _dtype(noise: Perturbation) -> str:
    return str(noise.weights[0].dtype).removeprefix("torch.")
