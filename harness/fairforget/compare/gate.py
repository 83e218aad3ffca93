"""When a comparison is red."""

from __future__ import annotations

from typing import get_args

from fairforget.board.text import plural
from fairforget.compare.leftovers import summaries
from fairforget.compare.values import Comparison, FailOn
from fairforget.compare.words import headline
from fairforget.errors import FairforgetError, did_you_mean


def failures(comparison: Comparison, on: FailOn = "worse") -> tuple[str, ...]:
    """Return why a gate is red; empty where it is green.

    Args:
        comparison: of BASE and HEAD.
        on: ``worse``: something got worse. ``cannot-tell``: that, or something is not shown to be fine: a verdict is
            missing, cells are not compared, or are in BASE alone.

    Raises:
        FairforgetError: another word.
    """
    if on not in get_args(FailOn):
        msg = f"a gate fails on {on!r}? {did_you_mean(str(on), get_args(FailOn))}"
        raise FairforgetError(msg)
    red = {"worse"} if on == "worse" else {"worse", "cannot tell"}
    found = [headline(*where) for where in comparison.differences() if where[2].verdict in red]
    if on == "cannot-tell":
        found += [f"{plural(c.cells, 'cell')} of {c.row}, {c.stratum}: {c.reason}" for c in comparison.not_compared]
        missing = [cells for cells in comparison.unpaired if cells.side == "BASE"]
        found += [f"only in BASE: {line}" for line in summaries(missing)]
    return tuple(found)
