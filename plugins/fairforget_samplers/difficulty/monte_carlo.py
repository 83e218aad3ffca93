"""Memory removal difficulty in every reading of Eq. 4, by option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.difficulty.draws import MOST, Draws, Precision
from fairforget_samplers.difficulty.resolution import FIRST_ORDER, SECOND_ORDER

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

LITERAL: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "absolute": "outside",
        "normalise": "mean",
        "sigma_unit": "absolute",
        "antithetic": False,
        "layers": "all",
    }
)
"""Algorithm 1 as printed. Where an option has a default, it is the same, so another value was asked for."""
PRINTED: Final = 200
"""Its draws; fewer are Algorithm 1 all the same, and are told of."""


@dataclass(frozen=True)
class MrdMonteCarlo(Difficulty):
    r"""Eq. 4 by a fixed number of draws, in every reading of it (``mrd.out.mean``, ``mrd.in.sum``, …).

    .. math::
        S_i(\delta)=\frac1{n_i}\sum_t\frac{P_t(\theta)-P_t(\theta+\delta)}{P_t(\theta)},\qquad
        \mathrm{out}:\ \Big|\frac1K\sum_kS_i(\delta_k)\Big|,\qquad
        \mathrm{in}:\ \frac1K\sum_k\big|S_i(\delta_k)\big|,\qquad \delta_k\sim\mathcal N(0,\sigma^2I)

    Eq. 4 and Algorithm 1 of arXiv 2504.06658 leave open which of the two is meant, and more; `mrd` and `mrd-grad` are
    what to use, this is for comparing. ``inside`` is proportional to sigma, and its standard error is
    :math:`.756/\sqrt K` of it; ``outside`` is proportional to sigma². They are different quantities, and may rank
    samples in opposite order. A larger value is easier to unlearn, as with `mrd`. A pure number.

    A **draw** is one point θ + δ at which all samples are scored: one forward pass over the set. The unperturbed
    weights take one more. With ``antithetic``, the points come in pairs θ ± δ, so K draws are K/2 directions, and the
    standard error is over these. All samples share the draws, where Algorithm 1 has some for each sample: K passes then
    serve any number of samples, each estimate has the same law, and only the errors of samples are correlated.

    The preset ``paper_literal`` is Algorithm 1 as printed: 200 independent draws on all weights and the size of their
    mean. No value of sigma is printed; `sigma` stands in. At a small sigma its first-order term, which only many
    draws average out, is most of the value: it ranks single samples at random. `draws` may be another number, which the
    warnings tell.

    ``dtype: bfloat16`` is there to show what half precision does to Eq. 4, not for use: the weights, the noise that is
    added to them and the forward passes are rounded to bfloat16, log-likelihoods are taken from its logits in float32
    and summed in float64. A sigma that rounding swallows is not refused then. ``moved_share`` in the details is the
    share of the weights that the last draw changed at all.
    """

    higher_is = "easier"
    absolute: Annotated[
        Literal["outside", "inside"], "absolute value of the mean over draws, or mean of the absolute values"
    ] = "outside"
    normalise: Annotated[Literal["mean", "sum"], "over the tokens of a sample"] = "mean"
    scope: Annotated[Literal["answer", "full"], "tokens of the completion, or of the prompt too"] = "answer"
    draws: Annotated[int, "K, forward passes over the samples beside the unperturbed one", Field(ge=1, le=MOST)] = 200
    sigma: Annotated[float, "standard deviation of the noise", Field(gt=0)] = 1e-3
    sigma_unit: Annotated[
        Literal["absolute", "rms"], "sigma as it is, or in units of the root mean square of each weight tensor"
    ] = "absolute"
    antithetic: Annotated[bool | None, "draws in pairs ±δ; null = yes outside, no inside"] = None
    layers: Annotated[
        Literal["all", "adapters", "base"] | Sequence[str], "weights that are moved, or patterns of their names"
    ] = "all"
    preset: Annotated[Literal["paper_literal"] | None, "fixes other options, which then cannot be changed"] = None
    batch_tokens: Annotated[int | None, "padded tokens a pass, at most; null = found", Field(ge=1)] = None
    dtype: Annotated[
        Precision, "auto: that of the model, float32 or float64; bfloat16 shows what rounding does, and is not for use"
    ] = "auto"

    def __post_init__(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            FairforgetError: the preset is contradicted, or pairs are to be made of an odd number of draws.
        """
        said = {name: getattr(self, name) for name in LITERAL}
        wrong = [name for name, value in said.items() if value is not None and value != LITERAL[name]]
        if self.preset == "paper_literal" and wrong:
            name = wrong[0]
            raise FairforgetError(
                f"mrd-monte-carlo: preset paper_literal has {name}: {LITERAL[name]}, not {said[name]}; leave out "
                f"{' and '.join(wrong)}, or the preset (antithetic: false alone makes the draws independent)"
            )
        if self._pairs and self.draws % 2:
            raise FairforgetError(
                f"mrd-monte-carlo: {self.draws} draws make no pairs; write draws: {self.draws + 1}, or antithetic: "
                "false for independent draws"
            )

    def passes(self) -> int:
        """A pass for the weights as they are, and one for each draw."""
        return 1 + self.draws

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples`; see the class.

        Raises:
            FairforgetError: the weights are not float32 or float64, sigma is too small for them, or `layers` are none.
        """
        from fairforget.lm.change import RelativeChange

        inside = self.absolute == "inside"
        found = Draws(
            name="mrd-monte-carlo",
            measure=partial(RelativeChange, normalise=self.normalise),
            sigma=self.sigma,
            directions=self.draws // 2 if self._pairs else self.draws,
            resolution=FIRST_ORDER if inside else SECOND_ORDER,
            fold=np.abs if inside else np.asarray,
            antithetic=self._pairs,
            relative=self.sigma_unit == "rms",
            layers=self.layers,
            scope=self.scope,
            batch_tokens=self.batch_tokens,
            dtype=self.dtype,
        ).score(model, samples, rng)
        variant = f"mrd.{'in' if inside else 'out'}.{self.normalise}"
        details = {"variant": variant, "preset": self.preset, **found.details}
        return replace(found, details={**details, "warnings": [*found.details["warnings"], *self._advice(found)]})

    @property
    def _pairs(self) -> bool:
        if self.antithetic is None:
            return self.absolute == "outside" and self.preset is None
        return self.antithetic

    def _advice(self, found: Scores) -> Iterable[str]:
        if self.preset == "paper_literal":
            yield (
                f"mrd-monte-carlo: Algorithm 1 as printed, but sigma is not printed: {self.sigma:g} stands in for it"
            )
            if self.draws != PRINTED:
                yield f"mrd-monte-carlo: Algorithm 1 as printed has {PRINTED} draws, and these are {self.draws}"
        if self.absolute == "outside" and not self._pairs:
            yield (
                "mrd-monte-carlo: with independent draws the term of first order is averaged out only slowly and "
                "samples rank by chance at a small sigma; antithetic: true cancels it"
            )
        if self.absolute == "inside" and self._pairs:
            yield (
                "mrd-monte-carlo: both sides of a pair have almost the same size, so half of the passes tell nothing; "
                "write antithetic: false"
            )
        if self.draws == 1:
            yield "mrd-monte-carlo: one draw has no standard error and no reliability"
