"""Cells that the checks of methods look at: each is run once, however many checks ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import MadeElsewhere, Method
from fairforget.testing.case import Case, smallest
from fairforget.testing.definition import CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

if TYPE_CHECKING:
    from fairforget.testing.watch.observe import Observation

KIND: Final = ("method",)
BOTH: Final = ("method", "curriculum")
"""Kinds that a cell is run for: a curriculum orders the samples of the kit's own method."""
PLAIN: Final = Case()
"""The cell on which a method has it easiest: texts of one length, whole batches, a Llama."""

OWNERS: Final[Mapping[str, str]] = {
    "non-finite-loss": "finite-losses",
    "non-finite-gradient-norm": "finite-losses",
    "over-budget": "respects-budget",
}
"""The check that says a kind of problem; ``runs`` says the others."""

Say = Callable[["Observation"], "str | None"]
"""Says what is wrong with what was seen, or None."""


def observed(examined: Examined, case: Case = PLAIN, **cell: Any) -> Observation:
    """Return what was seen of the method on a cell.

    Args:
        examined: the method.
        case: the size of the cell.
        cell: further settings of `fairforget.testing.lab.Lab.cell`.

    Raises:
        NotApplicable: its models are made elsewhere, so there is nothing to see.
    """
    if issubclass(examined.cls, MadeElsewhere):
        raise NotApplicable("its models are made elsewhere, and nothing of it runs here")
    return examined.once(("seen", case, repr(sorted(cell.items()))), lambda: once_more(examined, case, **cell))


def once_more(examined: Examined, case: Case = PLAIN, **cell: Any) -> Observation:
    """Run the cell again, whether or not it was seen before."""
    from fairforget.testing.watch.observe import observe

    lab, described = examined.lab, examined.described()
    if examined.kind == "curriculum":
        made = lab.cell(case, lab.ascent(), described, **cell)
    else:
        made = lab.cell(case, described, **cell)
    found = observe(lab.bench_of(case), made, lab.folders())
    if found.reference or found.data:
        lab.bench.cache_clear()  # what it left is no ground for other checks
    return found


def plain(examined: Examined) -> Observation:
    """Return what was seen on the plain cell.

    Raises:
        NotApplicable: the method fails there, and another check says why.
    """
    found = observed(examined)
    if found.problem is not None:
        msg = f"it fails on the plainest cell; see {OWNERS.get(found.problem, 'runs')}"
        raise NotApplicable(msg)
    return found


def judge(examined: Examined, say: Say, case: Case = PLAIN) -> None:
    """Fail with the smallest cell that shows what is wrong.

    Raises:
        CheckFailed: `say` has something to say.
        NotApplicable: the method fails on the plainest cell.
    """
    plain(examined)

    def wrong(candidate: Case) -> str | None:
        found = observed(examined, candidate)
        return say(found) if found.problem is None else None

    shown = smallest(wrong, case)
    if shown is not None:
        raise CheckFailed(*shown)


def survives(examined: Examined, case: Case) -> None:
    """Fail where the method fails on a cell; the smallest such cell is looked for.

    Raises:
        CheckFailed: it does.
        NotApplicable: it fails on the plainest cell, too.
    """
    plain(examined)
    first = observed(examined, case)

    def wrong(candidate: Case) -> str | None:
        found = observed(examined, candidate)
        return found.message if (found.problem, _kind(found)) == (first.problem, _kind(first)) else None

    if first.problem is not None and (shown := smallest(wrong, case)) is not None:
        raise CheckFailed(*shown)


def reference_row(examined: Examined) -> bool:
    """Return whether the method is one of the two rows that every board shows for comparison."""
    cls: Any = examined.cls
    return issubclass(cls, Method) and cls.reference is not None


def no_reference_row(examined: Examined) -> None:
    """Raise where the question is not for a reference row.

    Raises:
        NotApplicable: it is one.
    """
    if reference_row(examined):
        raise NotApplicable("it is a reference row, which does not unlearn")


def _kind(found: Observation) -> str:
    """Return the type of an exception, or the kind of the problem."""
    return found.message.partition(":")[0] if found.problem == "exception" else str(found.problem)
