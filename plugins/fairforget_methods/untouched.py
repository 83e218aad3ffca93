"""The target as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from fairforget.api import Method

if TYPE_CHECKING:
    from fairforget.api import UnlearningRun


@dataclass(frozen=True)
class Untouched(Method):
    """Do nothing: the reference row that still remembers everything."""

    reference: ClassVar[Literal["untouched", "oracle"] | None] = "untouched"
    uses_retain: ClassVar[bool] = False

    def unlearn(self, run: UnlearningRun) -> None:
        """Leave the model as it is."""
