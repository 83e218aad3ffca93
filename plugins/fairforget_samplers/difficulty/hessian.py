"""Memory removal difficulty from the curvature of the log-likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.difficulty.drawn import Stop
from fairforget_samplers.difficulty.draws import MOST
from fairforget_samplers.difficulty.reliability import finite_mean, split_half, standard_error

if TYPE_CHECKING:
    from fairforget.lm.change import RelativeChange
    from fairforget.lm.tokens import SampleSet

SIGMAS: Final = (1e-100, 1e100)
"""Beyond these its square, times a curvature, may leave the range of float64."""
Probe = Callable[[int], tuple[np.ndarray, bool]]
"""From a seed to an estimate of the trace for each sample, (n,), and whether the samples shared passes."""


@dataclass(frozen=True)
class MrdHessian(Difficulty):
    r"""The curvature form of memory removal difficulty: what ``mrd`` tends to as sigma becomes small.

    .. math::
        \mathrm{MRD}_i \approx \frac{\sigma^2}{2n_i}\Big|\sum_t\frac{\mathrm{Tr}H_t}{P_t(\theta)}\Big|,
        \qquad H_t=\nabla^2_\theta P_t(\theta)

    Theorem 3.2 (Eq. 5) of arXiv 2504.06658; P is the log-likelihood of a token, and ``sum`` leaves out the 1/n. It
    holds for Eq. 4 with the absolute value outside the expectation only. A pure number, and exactly proportional to
    sigma², which therefore changes no rank and is lost in no rounding.

    ``hutchinson`` estimates the trace as the mean of :math:`v^\top Hv` over probes v of independent signs, shared by
    all samples. Each is one forward pass to second order, at the price of about six plain ones, and equal to a double
    backward pass for every sample, which costs three times as much. The ledger counts passes through the model and
    books one: the seconds show the rest. ``mrd`` needs two plain passes for a draw that says as much; this is what it
    is checked by. ``fisher`` estimates the first of the two terms of the trace,

    .. math::
        \mathrm{Tr}H_t=-\mathbb E_{\hat y\sim p_t}\lVert\nabla\log p_t(\hat y)\rVert^2
            +\sum_k(\mathbf 1_{k=y}-p_k)\,\mathrm{Tr}\nabla^2z_k,

    in one backward pass a probe, by labels that on average are drawn from the model, with a random sign for each (see
    `fairforget.lm.curvature.fisher`). The second term, how the logits themselves bend, is left out; nothing makes it
    small. On two small Llamas that recite their samples the first was .71 and .73 of the trace and ranked them
    alike (.96, .89).

    A larger value is read as easier to unlearn, since that is what the formula says: the likelihood gives way sooner.
    The paper's prose says both that higher curvature means lower sensitivity and that low curvature means low scores;
    only the second follows from Eq. 5. Take the direction as a claim to be tested.

    Probes are added until the split-half reliability is reached; with fewer than ten samples all are made.
    """

    higher_is = "easier"
    estimator: Annotated[
        Literal["hutchinson", "fisher"], "the trace of the Hessian, or the term of it that needs no second derivatives"
    ] = "hutchinson"
    sigma: Annotated[float, "standard deviation of the noise on every weight; a factor", Field(gt=0)] = 1e-3
    reliability: Annotated[float, "split-half reliability at which the probes end", Field(gt=0, lt=1)] = 0.9
    probes: Annotated[int, "probes, at most", Field(ge=2, le=MOST)] = 100
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None

    def __post_init__(self) -> None:
        """Refuse what float64 has no square of.

        Raises:
            FairforgetError: sigma is so small or so large that every score would be 0 or infinite.
        """
        least, most = SIGMAS
        if not least <= self.sigma <= most:
            raise FairforgetError(
                f"mrd-hessian: sigma {self.sigma:g} has no square in float64, and every score would be 0 or infinite; "
                f"write a number from {least:g} to {most:g} (it is a factor, and changes no rank)"
            )

    def passes(self) -> int:
        """A pass for the weights as they are, and for each probe what the ledger books; see the class."""
        return 1 + self.probes * (1 if self.estimator == "hutchinson" else 3)

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, or are split over processes (``hutchinson``).
        """
        from fairforget.lm.batching import best_batch_tokens
        from fairforget.lm.change import RelativeChange, in_scope, scorable
        from fairforget.lm.forward import evaluating
        from fairforget.lm.weights import require_full_precision, weights

        require_full_precision(model, "difficulty mrd-hessian")
        # Drawn up front: the probes do not depend on the samples or on where the stop falls.
        seeds = [int(seed) for seed in rng.integers(2**63, size=self.probes)]
        halver = np.random.default_rng(int(rng.integers(2**63)))
        scoped = in_scope(samples, self.scope)
        kept, excluded = scorable(scoped)
        some = scoped.take(kept)
        with evaluating(model):
            tokens = self.batch_tokens or best_batch_tokens(model, some)
            plain = RelativeChange(model, some, normalise=self.normalise, batch_tokens=tokens)
            draws, together, reliability = self._drawn(model, some, seeds if plain.finite.any() else [], halver, plain)
        trace, errors = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
        trace[kept], errors[kept] = finite_mean(draws), standard_error(draws)
        for position, finite in zip(kept, plain.finite, strict=True):
            if np.isnan(trace[position]):
                why = "no probe is finite" if finite else "the model's own log-likelihood is not finite"
                excluded[samples[position].sample.id] = why
        if reliability is None:
            reliability = split_half(draws, halver)
        factor = self.sigma**2 / 2
        known = trace[np.isfinite(trace)]
        details = {
            "variant": f"mrd.{self.estimator}.{self.normalise}",
            "scope": self.scope,
            "sigma": self.sigma,
            "probes": len(draws),
            "forwards": int(bool(kept)) + len(draws),
            "backwards": 0 if self.estimator == "hutchinson" else len(draws),
            "batched": together,
            "dtype": str(next(model.parameters()).dtype).removeprefix("torch."),
            "weights": sum(w.parameters[0].numel() for w in weights(model)),
            "tokens": plain.tokens,
            "near_zero_share": plain.near_zero / max(1, plain.tokens),
            "clamped_tokens": plain.clamped,
            "non_finite_draws": int((~np.isfinite(draws[:, plain.finite])).sum()),
            "negative_share": float((known < 0).mean()) if known.size else None,
            "excluded": excluded,
            "warnings": list(self._warnings(reliability, len(draws))),
        }
        return Scores(factor * np.abs(trace), factor * errors, reliability, details)

    def _drawn(
        self, model: Any, samples: SampleSet, seeds: Sequence[int], halver: np.random.Generator, plain: RelativeChange
    ) -> tuple[np.ndarray, bool | None, float | None]:
        """Return the draws (probes, n), whether the samples shared passes, and the reliability if they ended by it."""
        probe = self._hutchinson(model, samples) if self.estimator == "hutchinson" else self._fisher(model, samples)
        stop = Stop(self.reliability, int(plain.finite.sum()), halver)
        draws: list[np.ndarray] = []
        together, reliability = None, None
        for seed in seeds:
            values, together = probe(seed)
            draws.append(values)
            if (reliability := stop.reached(draws)) is not None:
                break
        return np.stack(draws) if draws else np.empty((0, len(samples))), together, reliability

    def _hutchinson(self, model: Any, samples: SampleSet) -> Probe:
        from fairforget.lm.batching import best_batch_tokens
        from fairforget.lm.curvature.curvature import Curvature, rademacher

        tokens = self.batch_tokens or best_batch_tokens(model, samples)
        curvature = Curvature(model, samples, normalise=self.normalise, batch_tokens=tokens)
        signs = rademacher(curvature.weights, 0)

        def probe(seed: int) -> tuple[np.ndarray, bool]:
            return curvature.along(rademacher(curvature.weights, seed, signs)), curvature.batched

        return probe

    def _fisher(self, model: Any, samples: SampleSet) -> Probe:
        from fairforget.lm.curvature.fisher import FisherProbe
        from fairforget.lm.gradients.gradnorm import gradient_norms

        def probe(seed: int) -> tuple[np.ndarray, bool]:
            signs = FisherProbe(samples, seed, normalise=self.normalise)
            found = gradient_norms(model, samples, signs, batch_tokens=self.batch_tokens)
            return -(found.values**2), found.batched

        return probe

    def _warnings(self, reliability: float | None, probes: int) -> Iterator[str]:
        if reliability is not None and reliability < self.reliability:
            yield (
                f"mrd-hessian: reliability {reliability:.2f} after {probes} probes, {self.reliability:g} was wanted; "
                "raise probes"
            )
