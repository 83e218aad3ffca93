"""The names by which a claim file chooses its statistic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STATISTICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "added-r2": "fairforget.claims.statistics.added_r2:AddedR2",
        "at-equal-utility": "fairforget.claims.statistics.at_equal_utility:AtEqualUtility",
        "concordance": "fairforget.claims.statistics.concordance:Concordance",
        "decay": "fairforget.claims.statistics.utility_decay:UtilityDecay",
        "group-difference": "fairforget.claims.statistics.group_difference:GroupDifference",
        "log-slope": "fairforget.claims.statistics.log_slope:LogSlope",
        "misalignment-index": "fairforget.claims.statistics.misalignment:Misalignment",
        "mixed-slope": "fairforget.claims.statistics.mixed_slope:MixedSlope",
        "paired-difference": "fairforget.claims.statistics.paired_difference:PairedDifference",
        "rank-correlation": "fairforget.claims.statistics.rank_correlation:RankCorrelation",
        "ratio": "fairforget.claims.statistics.ratio:Ratio",
        "reversal": "fairforget.claims.statistics.reversal:Reversal",
        "score-agreement": "fairforget.claims.statistics.score_agreement:ScoreAgreement",
        "sensitivity-slope": "fairforget.claims.statistics.sensitivity_slope:SensitivitySlope",
        "slope-over-parts": "fairforget.claims.statistics.slope_over_parts:SlopeOverParts",
        "standard-error-law": "fairforget.claims.statistics.standard_error_law:StandardErrorLaw",
        "theorem-ratio": "fairforget.claims.statistics.theorem_ratio:TheoremRatio",
        "trade-off-area": "fairforget.claims.statistics.trade_off_area:TradeOffArea",
        "variance-share": "fairforget.claims.statistics.variance_share:VarianceShare",
    }
)
"""``module:Class`` by name. They are fairforget's own: a claim file names one, it never brings code."""
