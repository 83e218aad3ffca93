"""The numbers that a claim file may say, of a size whose squares are numbers too."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

_LARGEST: Final = 1e60
"""As `fairforget.board.making.scores.LARGEST`: what goes beyond it is no measurement."""

Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
Spread = Annotated[float, Field(gt=0, le=_LARGEST)]
