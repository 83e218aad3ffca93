"""Quality gates: what a method reached once is kept as a baseline, and a change that loses more than a margin is red.

The pytest fixture ``quality`` is the door: see `fairforget.testing.quality.gate.Quality`. Importing this imports no
torch, numpy or pandas.
"""

from __future__ import annotations

from fairforget.testing.quality.gate import Quality, QualityFell
from fairforget.testing.quality.values import Column, Judgement, QualityImproved, Scores

__all__ = ["Column", "Judgement", "Quality", "QualityFell", "QualityImproved", "Scores"]
