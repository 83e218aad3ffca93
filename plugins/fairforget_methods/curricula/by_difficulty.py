"""What curricula that look at a difficulty have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from fairforget.api import Curriculum, PluginSpec


@dataclass(frozen=True)
class ByDifficulty(Curriculum):
    """A curriculum that scores the forget samples, and scores them again as the model changes.

    Scoring is paid from the budget. The optimizer goes on as it was: nothing is reset when scores are made again.
    """

    by: Annotated[str | Mapping[str, Any], "the difficulty that is looked at, bare or with its options"] = "mrd"
    refresh: Annotated[
        int | None, "epochs between two scorings (the paper's m); null = the target's scores throughout", Field(ge=1)
    ] = 1

    def difficulty(self) -> PluginSpec | None:
        """Return the difficulty named by ``by``.

        Raises:
            FairforgetError: it has no name.
        """
        return PluginSpec.of(self.by, "by")

    def refresh_every(self) -> int | None:
        """Return m."""
        return self.refresh
