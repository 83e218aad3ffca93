"""What numbers of cells were measured to cost, as a line through the measurements.

On two cores of an Intel Xeon with 23 GB, November 2026; other machines have other lines. Plans are processor time of
`benchmarks/scale/planning.py`, resumes of the same command again over a finished study, both on a busy machine. Boards
are time on the clock of `benchmarks/speed/test_board.py`, while it was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that grows with the number of cells."""

    until: int
    """The most cells that were measured; beyond them the line is prolonged."""
    once: float
    """Seconds whatever there is."""
    cell: float
    """Seconds a cell."""
    base: float = 0.0
    """Bytes of memory whatever there is."""
    held: float = 0.0
    """Bytes of memory a cell."""

    def seconds(self, cells: int) -> float:
        """Return the seconds of so many cells."""
        return self.once + self.cell * cells

    def bytes(self, cells: int) -> float:
        """Return the memory of so many cells."""
        return self.base + self.held * cells


RECORD: Final = 37_000
"""Bytes of a record with 14 columns and 136 samples that were measured."""
PLANNING: Final = Line(1_000_000, 0.7, 20.5e-6, base=57e6, held=500)
"""Plan, corpus, draws, cells with keys: .9, 2.6 and 21 s, 62, 107 and 556 MB, for 10,000, 100,000 and 1,000,000."""
RESUMING: Final = Line(10_000, 0.6, 5.5e-4)
"""Every record is read and checked, and the board made: 1.7 and 6.1 s for 2,000 and 10,000 cells."""
FIRST_BOARD: Final = Line(100_000, 1.0, 4.4e-4, base=140e6, held=3_340)
"""43 and 47 s, and 474 MB, for 100,000 cells."""
NEXT_BOARD: Final = Line(100_000, 0.6, 29e-6)
"""3.4 and 3.6 s for 100,000 cells."""
