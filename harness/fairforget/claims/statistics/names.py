"""The names by which a claim file chooses its statistic."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STATISTICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "score-agreement": "fairforget.claims.statistics.score_agreement:ScoreAgreement",
        "sensitivity-slope": "fairforget.claims.statistics.sensitivity_slope:SensitivitySlope",
        "standard-error-law": "fairforget.claims.statistics.standard_error_law:StandardErrorLaw",
        "theorem-ratio": "fairforget.claims.statistics.theorem_ratio:TheoremRatio",
    }
)
"""``module:Class`` by name. They are fairforget's own: a claim file names one, it never brings code."""
