"""Printed numbers with ours beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fairforget.claims.printed.measured import Measured, Numbers, measured
from fairforget.claims.printed.table import Column, Table
from fairforget.stats.intervals import Estimate
from fairforget.store.record import Record


@dataclass(frozen=True, slots=True)
class Beside:
    """One printed number and ours."""

    row: str
    column: str
    of: Column
    printed: float
    ours: Measured

    @property
    def difference(self) -> Estimate | None:
        """Ours minus the printed number, with the interval of ours: papers that print no spread allow no other."""
        ours = self.ours.estimate
        if ours is None:
            return None
        ends = [None if end is None else end - self.printed for end in (ours.low, ours.high)]
        return replace(ours, mean=ours.mean - self.printed, low=ends[0], high=ends[1])

    @property
    def agrees(self) -> bool | None:
        """Whether the printed number, as it may have been before rounding, is in our interval; None without one."""
        ours = self.ours.estimate
        if ours is None or ours.low is None or ours.high is None:
            return None
        return ours.low - self.of.rounding <= self.printed <= ours.high + self.of.rounding


def laid_beside(table: Table, ours: Numbers) -> tuple[Beside, ...]:
    """Return one row for every printed number, in the order of the table, whether we have one or not.

    Args:
        table: what is printed.
        ours: our numbers, in the units of the table.
    """
    return tuple(
        Beside(
            row=row,
            column=name,
            of=table.columns[name],
            printed=printed,
            ours=ours.get((row, name), Measured(None, problem="not measured")),
        )
        for row, found in table.rows.items()
        for name, printed in found.items()
    )


def records_beside(table: Table, records: Sequence[Record], stratum: str = "random") -> tuple[Beside, ...]:
    """Return `laid_beside` with what records say; see `fairforget.claims.printed.measured.measured`."""
    return laid_beside(table, measured(table, records, stratum))
