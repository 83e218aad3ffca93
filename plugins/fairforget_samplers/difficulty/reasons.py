"""Why samples have no score."""

from __future__ import annotations

from typing import Final

NOT_FINITE: Final = "the model's own log-likelihood is not finite"
