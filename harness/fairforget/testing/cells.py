"""One cell of the tiny task, through the real workbench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairforget.testing.case import Case
from fairforget.testing.resolve import Asked, examine

if TYPE_CHECKING:
    from fairforget.registry import Registry


@dataclass(frozen=True, slots=True)
class CellRun:
    """What came of a cell: its record, taken apart."""

    record: Mapping[str, Any]

    @property
    def status(self) -> str:
        """``ok`` or ``failed``."""
        return str(self.record["status"])

    @property
    def problems(self) -> list[Mapping[str, Any]]:
        """What went wrong: ``kind``, ``message``, perhaps ``traceback``."""
        return list(self.record["problems"])

    @property
    def scores(self) -> dict[str, float | None]:
        """The value of every column: ``forget_probability`` and ``retain_probability``."""
        return {column: score["value"] for column, score in self.record["scores"].items()}

    @property
    def items(self) -> Mapping[str, Mapping[str, float]]:
        """Column -> sample id -> value."""
        found: Mapping[str, Mapping[str, float]] = self.record["items"]
        return found

    @property
    def ledger(self) -> Mapping[str, Any]:
        """What was spent."""
        found: Mapping[str, Any] = self.record["ledger"]
        return found


def run_cell(
    method: Asked,
    *,
    curriculum: Asked | None = None,
    options: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    **case: Any,
) -> CellRun:
    """Run one cell of the tiny task, as a study would.

    Args:
        method: a class, an instance, an entry, or a name.
        curriculum: likewise; the uniform order by default.
        options: of the method; an instance brings its own.
        budget: instead of ``updates``: ``{"kind": "forward_equivalents", "amount": 60, "stop": None}``.
        optimizer: settings that differ from the kit's, for example ``{"lr": 1e-2}``.
        registry: what is installed; found by discovery by default.
        case: the fields of `fairforget.testing.Case`: architecture, lengths, samples, batch_size, updates, seed.

    Raises:
        FairforgetError: there is no such plugin.
        TypeError: `Case` has no such field.
    """
    from fairforget.run.cell import compute_cell
    from fairforget.testing.lab import Lab
    from fairforget.testing.registry import KitRegistry

    size = Case(**case)
    under = examine(method, "method", options=options, registry=registry)
    lab, order = under.lab, None
    if curriculum is not None:
        other = examine(curriculum, "curriculum", registry=registry)
        both = KitRegistry(under.registry, {e: other.registry.load(e) for e in [other.entry]})
        lab, order = Lab(both), other.described()
    cell = lab.cell(size, under.described(), order, budget=budget, optimizer=optimizer)
    return CellRun(compute_cell(lab.bench_of(size), cell))
