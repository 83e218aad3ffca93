"""The oracle: trained without the draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from fairforget.api import Method

if TYPE_CHECKING:
    from fairforget.api import UnlearningRun


@dataclass(frozen=True)
class Retrain(Method):
    """Run the target's recipe again without the draw: exact unlearning, the reference row to be compared with.

    It is outside every budget; its cost stands beside it on the board. Give it fewer draws where it is dear:
    ``{name: retrain, draws: 1}``.
    """

    reference: ClassVar[Literal["untouched", "oracle"] | None] = "oracle"
    uses_retain: ClassVar[bool] = False

    def unlearn(self, run: UnlearningRun) -> None:
        """Replace the weights by the oracle's."""
        run.retrain()
