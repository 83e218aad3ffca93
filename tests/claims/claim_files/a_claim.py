"""A claim file that is right, its statistic, and what is said of a file that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from fairforget.claims.open import open_claim
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.values import Effect
from fairforget.errors import FairforgetError

STUDY = {
    "name": "tiny",
    "task": {"name": "biographies", "people": 12},
    "draws": 4,
    "forget_size": 3,
    "methods": ["npo"],
    "budget": {"epochs": 2},
    "optimizer": {"name": "adamw", "lr": 1.0e-3, "batch_size": 4},
}
CLAIM = {
    "title": "Outcomes differ between forget sets",
    "statement": "More than 0.3 of the variance lies between forget sets.",
    "family": "selection",
    "source": {"paper": "arXiv:2504.06658", "where": "Fig. 2"},
    "study": STUDY,
    "targets": {"small": {}},
    "statistic": {"name": "mean", "column": "forget"},
    "expect": {"above": 0.3, "because": "our margin"},
    "assumed": {"effect": 0.5, "spread": 0.2, "because": "a pilot"},
    "would_change": "Twice as many forget sets.",
    "means": {"supported": "Draw many.", "contradicted": "One will do.", "undecided": "Draw more."},
}


@dataclass(frozen=True)
class Mean(Statistic):
    unit = "forget sets"
    column: Annotated[str, "what is averaged"]
    shuffled: bool = False
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95

    def estimate(self, evidence, rng):
        return Effect.unknown(evidence.target)


def line(path: Path, text: str) -> int:
    """The line of a file that has a text."""
    (found,) = [i for i, row in enumerate(path.read_text().splitlines(), start=1) if text in row]
    return found


def wrong(path, registry, *settings) -> list[str]:
    with pytest.raises(FairforgetError) as caught:
        open_claim(path, registry, settings)
    return str(caught.value).splitlines()
