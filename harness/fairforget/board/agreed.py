"""What a board knows of how forget sets, strata and seeds agree on the rows: values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """How many of n, with the exact 95 % interval of Clopper and Pearson (1934)."""

    count: float
    """Not whole where ties count half."""
    n: int
    value: float
    """``count / n``."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability that is no plain share of n, with its 95 % interval; none below three draws."""

    value: float
    low: float | None
    high: float | None
    n: int
    """Draws behind it; rows, where it is a mean over rows."""


@dataclass(frozen=True, slots=True)
class DrawRanks:
    """The rows on one forget set."""

    stratum: str
    """Label."""
    index: int
    digest: str
    ranks: Mapping[str, float]
    """Identity of the row -> its rank by score, 1 = highest; ties share the mean of their ranks."""
    winners: tuple[str, ...]
    """Identities of the rows with the highest score."""
    tau: float | None
    """Kendall's τ-b with the order of the means over this stratum; None where either order has only ties."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far forget sets agree on the order of the rows."""

    draws: int
    rows: int
    tau_median: float | None
    """Median of Kendall's τ-b over all pairs of draws; 1 = every draw orders the rows alike. None where every draw
    has only ties."""
    tau_low: float | None
    """The lowest of them."""
    w: float | None
    """Kendall's W with correction for ties: 0 = no agreement, 1 = all alike."""
    rho: float | None
    """Mean of Spearman's ρ over all pairs of draws, from W."""
    top_changes: float | None
    """Probability that two of the draws have different winners."""
    winners: Mapping[str, float]
    """Identity of the row -> draws that it wins; a tie is shared. Rows that win none are left out."""


@dataclass(frozen=True, slots=True)
class Components:
    """Where the variance of the scores comes from: method × draw × seed, balanced analysis of variance."""

    method: float
    """Variance between methods."""
    draw: float
    """Between forget sets, the same for every method."""
    method_draw: float
    """Of what a forget set does to one method and not to the others; with one seed the noise of seeds is in it."""
    seed: float | None
    """Between seeds on the same forget set; None with one seed."""
    truncated: tuple[str, ...]
    """Names of components whose estimate was negative and stands as 0."""
    selection: float | None
    """Share of all variance that is due to which samples were to be forgotten: draw and method × draw."""
    p: float | None
    """Of "the rows do not differ at all": F-test of method against method × draw."""
    ranking: Chance | None
    """Generalizability Eρ² of the ranking from as many draws and seeds as there are: 1 = another study would find the
    same differences."""
    absolute: float | None
    """Φ, the same for the scores themselves."""
    wanted: float
    """The Eρ² that `draws_wanted` is for."""
    draws_wanted: int | None
    """Draws for it, with as many seeds as there are; None where no number is enough."""
    rows: int
    draws: int
    seeds: int


@dataclass(frozen=True, slots=True)
class StratumCompared:
    """The comparison inside one stratum, over the rows that have all cells there."""

    agreement: Agreement
    components: Components | None
    """None with fewer than two rows or draws, or without seeds that all rows have."""
    overlap: float
    """Mean share of samples that two of its forget sets have in common; 0 = disjoint. Intervals are corrected for
    it."""


@dataclass(frozen=True, slots=True)
class StrataTau:
    """How far two strata agree on the order of the rows that both have whole."""

    first: str
    """Label."""
    second: str
    tau: float | None
    """Kendall's τ-b between the orders of the means; None where either has only ties."""
    rows: int


@dataclass(frozen=True, slots=True)
class NullControl:
    """The same method against itself under another seed: how often order reverses where nothing differs."""

    pairs: int
    """Rows × pairs of seeds."""
    draws: int
    """Forget sets behind each pair."""
    reversals: Chance
    """Share of draws that contradict the mean of their pair: the mean over rows, with its interval."""
    expected: float
    """The share that chance alone gives with as many draws."""
    median: float
    """Median share of reversals between two different rows, to compare with."""
    significant: int
    """Pairs of seeds that a paired t-test at 5 % calls different; about one in twenty should be."""
