"""Effects to as many digits as every processor agrees on."""

from __future__ import annotations

from typing import Any, Final

from fairforget.claims.outcome import Outcome
from fairforget.claims.outcome_file import outcome_from_json, outcome_json

DIGITS: Final = 8
"""Significant. Sums in another order, as other processors add, differ from the 15th on."""


def rounded(outcome: Outcome) -> Outcome:
    """Return an outcome with the numbers of its effects, and of their figures, rounded to `DIGITS`; verdicts stay."""
    return outcome_from_json(_effects(outcome_json(outcome)))


def _effects(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _numbers(one) if key == "effect" else _effects(one) for key, one in found.items()}
    return [_effects(one) for one in found] if isinstance(found, list) else found


def _numbers(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _numbers(one) for key, one in found.items()}
    if isinstance(found, list):
        return [_numbers(one) for one in found]
    return float(f"{found:.{DIGITS}g}") if isinstance(found, float) else found
