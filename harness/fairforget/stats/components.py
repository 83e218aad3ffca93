r"""Where the variance of scores comes from.

.. math:: y_{mfs} = \mu + \alpha_m + \phi_f + (\alpha\phi)_{mf} + \varepsilon_{mfs}

Balanced analysis of variance of methods × draws × seeds, the seeds nested in the cells of the other two (Brennan 2001,
Generalizability Theory, chapter 3). A component whose estimate is negative stands as 0, and is named.

Draws of which every two share the part ρ of their samples have φ and αφ that correlate by ρ. The mean squares then have
the expectations

.. math::
    E[MS_m] &= \sigma_e^2 + S (1 + (F - 1) \rho) \sigma_{mf}^2 + F S \sigma_m^2 \\
    E[MS_f] &= \sigma_e^2 + S (1 - \rho) \sigma_{mf}^2 + M S (1 - \rho) \sigma_f^2 \\
    E[MS_{mf}] &= \sigma_e^2 + S (1 - \rho) \sigma_{mf}^2

so that what looks like methods is in part what the common samples did to them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fairforget.stats.intervals import LEVEL
from fairforget.stats.overlap import inflation

Name = Literal["method", "draw", "interaction", "residual"]


@dataclass(frozen=True, slots=True)
class Components:
    """Variance components and what follows from them."""

    method: float
    """σ²_m, between methods."""
    draw: float
    """σ²_f, between forget sets, alike for every method."""
    interaction: float
    """σ²_mf, what a forget set does to one method and not to the others; with one seed σ²_e is in it."""
    residual: float | None
    """σ²_e, between seeds of one method on one forget set; None with one seed."""
    truncated: tuple[Name, ...]
    """Components whose estimates were negative and stand as 0."""
    f: float
    """MS_m / MS_mf: whether methods differ at all; infinite or NaN without variance below."""
    p: float
    """Of `f` on M − 1 and (M − 1)(F − 1) degrees of freedom, divided by what overlap does to variances."""
    methods: int
    draws: int
    seeds: int
    overlap: float = 0.0
    """ρ, the share of samples that every two draws have."""

    @property
    def confounded(self) -> bool:
        """Whether one seed leaves interaction and residual as one number."""
        return self.residual is None

    @property
    def selection(self) -> float:
        """Share of the variance that is due to which samples were drawn, draw and interaction; NaN without variance.

        With one seed the noise of seeds is in it, so that it is an upper bound.
        """
        return _ratio(self.draw + self.interaction, self.method + self.draw + self.interaction + (self.residual or 0.0))

    def ranking(self, draws: int | None = None, seeds: int | None = None) -> float:
        """Return Eρ², the generalizability of differences between methods, for a study of as many draws and seeds.

        Cronbach, Gleser, Nanda and Rajaratnam 1972. None of an argument: as many as there are. Further draws overlap
        like those there are, for they come from the same pool.

        Raises:
            ValueError: another number of seeds where one seed cannot say what seeds do.
        """
        return _ratio(self.method, self.method + self._relative(draws, seeds))

    def absolute(self, draws: int | None = None, seeds: int | None = None) -> float:
        """Return Φ, the generalizability of the scores themselves: what draws do to all methods is error, too.

        Raises:
            ValueError: as `ranking`.
        """
        error = self._of_mean(self.draw, draws) + self._relative(draws, seeds)
        return _ratio(self.method, self.method + error)

    def ranking_interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval of Eρ² for the draws there are, 1 − 1/F of the exact limits of the ratio of mean squares.

        McGraw and Wong 1996 (Psychological Methods 1), ICC(C, k). Where draws overlap, the ratio is divided by that of
        the error of a mean to what MS_mf shows of it, as estimated. Where a component that was less than 0 stands as 0,
        the interval is widened to hold the estimate. NaN where methods and draws do not vary.
        """
        from scipy.special import fdtri

        df1, df2 = self.methods - 1, (self.methods - 1) * (self.draws - 1)
        tail = (1 + level) / 2
        if math.isnan(self.f):
            return math.nan, math.nan
        if self.f <= 0:  # the means of the methods are all one
            return 0.0, 0.0
        noise = (self.residual or 0.0) / self.seeds
        shown = self.interaction * (1 - self.overlap) + noise
        f = self.f if shown == 0 else self.f * shown / (self.draws * self._relative(None, None))
        low = 1 - float(fdtri(df1, df2, tail)) / f
        high = 1 - 1 / (f * float(fdtri(df2, df1, tail)))
        estimate = self.ranking()
        return min(max(low, 0.0), estimate), max(high, estimate, 0.0)

    def draws_needed(self, wanted: float, seeds: int | None = None) -> int | None:
        """Return how many draws give Eρ² `wanted`: F ≥ g / (1 − g) · (σ²_mf + σ²_e / S) / σ²_m without overlap.

        Returns:
            None where no number is enough: methods do not differ, all of it is wanted, or the pool that the draws share
            is too small.

        Raises:
            ValueError: as `ranking`; or a wanted coefficient outside 0 and 1.
        """
        if not 0 <= wanted <= 1:
            msg = f"a coefficient is between 0 and 1, not {wanted}"
            raise ValueError(msg)
        # The error of a mean of F draws is `lasting` + `passing` / F.
        lasting = self.overlap * self.interaction
        passing = self._relative(1, seeds) - lasting
        if self.method > 0 and lasting + passing == 0:
            return 1
        allowed = (self.method * (1 - wanted) / wanted if wanted else math.inf) - lasting
        if self.method <= 0 or allowed <= 0:
            return None
        return max(1, math.ceil(passing / allowed - 1e-9))

    def _relative(self, draws: int | None, seeds: int | None) -> float:
        """Return the error variance of a difference between methods, per method."""
        if self.residual is None and seeds not in {None, self.seeds}:
            msg = "one seed cannot say what another number of seeds would do"
            raise ValueError(msg)
        noise = (self.residual or 0.0) / (seeds or self.seeds)
        return self._of_mean(self.interaction, draws) + noise / (draws or self.draws)

    def _of_mean(self, component: float, draws: int | None) -> float:
        """Return the variance of a mean over draws that overlap."""
        return component * (self.overlap + (1 - self.overlap) / (draws or self.draws))


def components(values: np.ndarray, overlap: float = 0.0) -> Components | None:
    """Return the variance components of scores.

    Args:
        values: (methods, draws, seeds), without gaps; (methods, draws) counts as one seed.
        overlap: see `fairforget.stats.overlap`. With one seed the noise of seeds, which overlap does not touch, is
            taken for interaction, too: then the coefficients are on the side of caution.

    Returns:
        None with fewer than two methods or draws, or where all draws are one set.

    Raises:
        ValueError: a gap: the analysis is that of a balanced design; or an overlap that is no share.
    """
    from scipy.special import fdtrc

    y = np.asarray(values, dtype=np.float64)
    y = y[..., None] if y.ndim == 2 else y
    if np.isnan(y).any():
        msg = "every method needs every draw and seed"
        raise ValueError(msg)
    m, f, s = y.shape
    inflated = inflation(f, overlap)
    if m < 2 or f < 2 or overlap == 1:
        return None
    cells, grand = y.mean(axis=2), float(y.mean())
    by_method, by_draw = cells.mean(axis=1), cells.mean(axis=0)
    ms_method = f * s * float(((by_method - grand) ** 2).sum()) / (m - 1)
    ms_draw = m * s * float(((by_draw - grand) ** 2).sum()) / (f - 1)
    rest = cells - by_method[:, None] - by_draw + grand
    ms_both = s * float((rest**2).sum()) / ((m - 1) * (f - 1))
    ms_seed = float(((y - cells[:, :, None]) ** 2).sum()) / (m * f * (s - 1)) if s > 1 else None
    # What is only rounding is no variance.
    noise = 1e-24 * float((y**2).mean())
    ms_method, ms_draw, ms_both = (0.0 if ms <= noise else ms for ms in (ms_method, ms_draw, ms_both))
    ms_seed = 0.0 if ms_seed is not None and ms_seed <= noise else ms_seed
    both = (ms_both - (ms_seed or 0.0)) / s / (1 - overlap)
    raw: dict[Name, float] = {
        "method": (ms_method - ms_both) / (f * s) - overlap * max(both, 0.0),
        "draw": (ms_draw - ms_both) / (m * s) / (1 - overlap),
        "interaction": both,
    }
    ratio = ms_method / ms_both if ms_both else (math.inf if ms_method else math.nan)
    return Components(
        **{name: max(value, 0.0) for name, value in raw.items()},
        residual=ms_seed,
        truncated=tuple(name for name, value in raw.items() if value < 0),
        f=ratio,
        p=0.0 if ratio == math.inf else float(fdtrc(m - 1, (m - 1) * (f - 1), ratio / inflated)),
        methods=m,
        draws=f,
        seeds=s,
        overlap=overlap,
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan
