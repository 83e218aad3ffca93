"""What a board knows of how rows compare: values, as those of `fairforget.board.values`.

Everything here is about the rows that compete and have every cell in the strata that count; draws are paired, so what a
forget set does to every row cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairforget.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class RankSet:
    """Rank with its simultaneous 95 % set, see `fairforget.stats.ranks`."""

    rank: int
    low: int
    high: int


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
    """Draws behind it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One row among the others."""

    first: float
    """Share of the bootstrap's resamples in which the row has the highest mean; ties share."""
    low: int
    """Lower end of the bootstrap's 95 % interval of the rank: how far up new forget sets and runs could bring it."""
    high: int
    to_best: Estimate | None
    """Its mean minus that of the best row, paired, over the strata that count; None for the best row itself."""
    beats_next: Chance | None
    """Probability that it beats the row below it on a new forget set; None for the last."""
    sd_draws: float | None
    """Standard deviation between the means of forget sets of one stratum, the strata pooled with their weights."""
    sd_seeds: float | None
    """Standard deviation between seeds on the same forget set; None with one seed."""
    strata: Mapping[str, RankSet]
    """By the label of the stratum, its rank there; without strata of fewer than three draws and those in which it has
    gaps."""


@dataclass(frozen=True, slots=True)
class StratumDifference:
    """The difference of a pair in one stratum."""

    stratum: str
    """Label."""
    difference: Estimate
    """First minus second; negative where the stratum contradicts the headline."""
    reversals: Share
    """Forget sets of this stratum on which the second is ahead of the first; a tie is none."""
    contradicts: bool
    """The mean difference has the other sign than over the strata that count (Simpson's reversal)."""
    significant: bool
    """It contradicts, and so does the whole 95 % interval, Holm-corrected over the strata."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows, paired by forget set; the first has the higher mean over the strata that count."""

    first: str
    """Identity of the row, `Row.id`."""
    second: str
    difference: Estimate
    """First minus second over the strata that count, corrected for overlapping draws."""
    p: float
    """Of "the first is not better", one-sided, Holm-corrected over all ordered pairs: what ranks are made of."""
    p_flip: float | None
    """Two-sided p of the sign-flip test over draws, for this pair alone; it needs no normal distribution. None where
    the draws are too few for it to say anything."""
    improvement: Chance
    """Probability that the first beats the second on a new forget set; a tie counts half."""
    reversals: Share
    """Draws on which the second is ahead although the first is ahead in the mean; a tie is none."""
    reversal: float | None
    """The same probability from the normal model, noise of seeds included; None where there is no variance."""
    reversal_true: float | None
    """Without the noise of seeds: how often the forget set itself turns the order. None with one seed, which cannot
    tell the two apart."""
    wrong_winner: float | None
    """Probability that a study of as many draws as this one picks the second."""
    draws_to_see: int | None
    """Draws after which a reversal has been seen with 95 %; None where that takes more than a million."""
    draws_to_tell: int | None
    """Draws that would resolve a difference of this size with 80 % power; None where that takes more than a million."""
    strata: tuple[StratumDifference, ...]
    """Every stratum in which both have all cells, also those that do not count."""


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
    ranking: float | None
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
    reversals: float
    """Mean share of draws that contradict the mean of their pair."""
    expected: float
    """The share that chance alone gives with as many draws."""
    median: float
    """Median share of reversals between different rows, to compare with."""
    significant: int
    """Pairs of seeds that a paired t-test at 5 % calls different; about one in twenty should be."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How the whole competing rows of a table compare. Lists and maps are in the order of the board."""

    order: tuple[str, ...]
    """Identities of the rows that are compared, the highest mean first."""
    rows: Mapping[str, Standing]
    pairs: tuple[Pair, ...]
    """Every pair, by first and then second in the order of the rows."""
    separable: int
    """How many of the neighbours in the order are told apart at 5 %; of ``len(order) - 1``."""
    agreement: Agreement
    """Over the draws of all strata that count."""
    strata: Mapping[str, StratumCompared]
    """By the label of the stratum, also those that do not count; without those of fewer than two rows or draws."""
    between: tuple[StrataTau, ...]
    """Every pair of strata."""
    draws: tuple[DrawRanks, ...]
    """Every draw of those strata, by stratum and index."""
    null: NullControl | None
    """None where no row has two seeds on at least three draws."""
    resamples: int
    """Of the bootstrap."""
