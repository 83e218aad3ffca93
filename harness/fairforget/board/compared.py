"""What a board knows of how rows compare: values, as those of `fairforget.board.values`.

Everything here is about the rows that compete and have every cell in the strata that count; draws are paired, so what a
forget set does to every row cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairforget.board.agreed import Agreement, Chance, DrawRanks, NullControl, Share, StrataTau, StratumCompared
from fairforget.board.by_difficulty import ByDifficulty
from fairforget.stats.intervals import Estimate

__all__ = [
    "Agreement",
    "ByDifficulty",
    "Chance",
    "Compared",
    "DrawRanks",
    "NullControl",
    "Pair",
    "RankSet",
    "Share",
    "Standing",
    "StrataTau",
    "StratumCompared",
    "StratumDifference",
]


@dataclass(frozen=True, slots=True)
class RankSet:
    """Rank with its simultaneous 95 % set, see `fairforget.stats.ranks`."""

    rank: int
    low: int
    high: int


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
    p: float | None
    """Of "the second is not better here", Holm-corrected over all ordered pairs in all strata; None where nothing
    contradicts."""
    significant: bool
    """Whether p is at most 5 %: the stratum really contradicts. Otherwise only the sign does."""


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
    reversal: Chance | None
    """The same probability for a new draw, from the normal model, noise of seeds included."""
    reversal_true: Chance | None
    """Without the noise of seeds: how often the forget set itself turns the order. None with one seed, which cannot
    tell the two apart."""
    wrong_winner: float | None
    """Probability that a study of as many draws picks the second, if all is as estimated here; a plug-in without an
    interval, too small where draws are few."""
    draws_to_see: int | None
    """Draws after which a reversal has been seen with 95 %; None where that takes more than a million."""
    draws_to_tell: int | None
    """Draws like these that would tell a difference of this size in this ranking, with 80 % power; None where it is
    told, or where a million would not, for draws that share samples say less and less that is new."""
    draws_apart: int | None
    """The same for draws that share no sample."""
    strata: tuple[StratumDifference, ...]
    """Every stratum in which both have all cells, also those that do not count."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How the whole competing rows of a table compare. Lists and maps are in the order of the board."""

    order: tuple[str, ...]
    """Identities of the rows that are compared, the highest mean first."""
    rows: Mapping[str, Standing]
    pairs: tuple[Pair, ...]
    """Every pair, by first and then second in the order of the rows; where there are more than a hundred rows, those
    among the first hundred, and of the best row with every other."""
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
    by_difficulty: tuple[ByDifficulty, ...] = ()
    """One for every difficulty score that forget sets of two strata or more were chosen by."""
