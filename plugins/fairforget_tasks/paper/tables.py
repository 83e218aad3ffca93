"""The tables that are here, by their number in the paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairforget.claims.printed.table import Table

NUMBERS: Final = (1, 4, 5, 6, 7)
"""Tables 2 and 3 print prompts and refusals and no measurement."""


def paper_table(number: int) -> Table:
    """Return a table.

    Args:
        number: one of `NUMBERS`.

    Raises:
        FairforgetError: there is no such table here.
    """
    from fairforget.claims.printed.table import read_table
    from fairforget.errors import FairforgetError

    if number not in NUMBERS:
        here = ", ".join(map(str, NUMBERS))
        msg = f"there is no table {number} of the paper here; there are {here}"
        raise FairforgetError(msg)
    return read_table(Path(__file__).with_name(f"table{number}.yaml"))
