"""Parts of a study for machines that do not see each other: ``--shard 2/5``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.study.plan import Plan

_FORM: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
Cell = TypeVar("Cell", bound=Mapping[str, Any])


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of several; together they are the whole, and no cell is in two of them."""

    number: int
    """From 1 on."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a user writes.

        Raises:
            FairforgetError: it is not of the form, or there is no such part.
        """
        found = _FORM.fullmatch(text)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count:
            msg = f"--shard {text}: write I/N, part I of N, with I from 1 to N: --shard 1/{max(count, 2)}"
            raise FairforgetError(msg)
        return cls(number, count)

    def of(self, cells: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return the cells of this part, in their order.

        Forget sets are dealt in turn, each with all of its cells: they may share an oracle, which is then trained by
        one part. Where there are more parts than forget sets, the cells of a set are dealt in turn to its parts. So a
        part depends on the forget sets and the order of the study, and on nothing that is computed.

        Args:
            cells: of the study, by their keys.
        """
        sets: dict[str, list[str]] = {}
        for key, cell in cells.items():
            sets.setdefault(cell["draw"]["digest"], []).append(key)
        mine: set[str] = set()
        for place, keys in enumerate(sets.values()):
            # The parts that have this set: one, or those whose number is that of the set, counted round.
            parts = range(place % self.count, self.count, len(sets)) if self.count > len(sets) else [place % self.count]
            if self.number - 1 in parts:
                mine |= set(keys[parts.index(self.number - 1) :: len(parts)])
        return {key: cell for key, cell in cells.items() if key in mine}

    def share(self, plan: Plan) -> int:
        """Return how many cells of a plan this part has; as if no two forget sets came out the same."""
        places = [f"{id(cell.sampler)} {cell.stratum} {cell.index}" for cell in plan.planned()]
        return len(self.of({str(i): {"draw": {"digest": place}} for i, place in enumerate(places)}))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
