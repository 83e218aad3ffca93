"""Making a comparison from the records of two sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairforget.compare.changes import changes_of
from fairforget.compare.labels import Labels
from fairforget.compare.leftovers import cells_of, not_compared, unpaired, why_nothing
from fairforget.compare.measures import measure, unlike_measurement
from fairforget.compare.pairing import pair
from fairforget.compare.sections import sections_of
from fairforget.compare.values import Comparison, Side
from fairforget.errors import FairforgetError
from fairforget.store.record import Record, Rejected


def compare(
    base: Iterable[Record],
    head: Iterable[Record],
    *,
    score: str = "score",
    margin: float = 0.0,
    rejected: Sequence[tuple[Side, Rejected]] = (),
) -> Comparison:
    """Compare two sides; the same records in any order make the same comparison.

    Args:
        base: what HEAD is compared with, as `fairforget.store.results.Results.read` returned it.
        head: what is judged.
        score: what is compared: ``score``, ``completeness``, ``utility`` or the name of a column.
        margin: a loss smaller than this is none; in units of the score, 0 or more.
        rejected: files that could not be used, to be named.

    Raises:
        FairforgetError: a side without cells, nothing of both that can be compared, a score nobody has, or a margin
            below 0.
    """
    if not 0 <= margin < float("inf"):
        msg = f"a margin is a number from 0, not {margin}"
        raise FairforgetError(msg)
    sides = (list(base), list(head))
    for side, records in zip(("BASE", "HEAD"), sides, strict=True):
        if not records:
            msg = f"there are no cells in {side} to compare"
            raise FairforgetError(msg)
    measured = measure(score, [*sides[0], *sides[1]])
    found = pair(*sides)
    labels = Labels(cells_of(found))
    left = unpaired(found, labels)
    reasons = {p.identity: unlike_measurement(measured, p.base, p.head) for p in found.pairs}
    alike = [p for p in found.pairs if reasons[p.identity] is None]
    unlike = not_compared(found, reasons, labels)
    if not alike:
        raise FairforgetError(why_nothing(left, unlike))
    return Comparison(
        score=score,
        margin=margin,
        cells=len(alike),
        sections=sections_of(alike, labels, measured, margin),
        unpaired=left,
        not_compared=unlike,
        changes=changes_of(alike, labels),
        rejected=tuple(sorted({(side, r.path.name, r.reason) for side, r in rejected})),
    )
