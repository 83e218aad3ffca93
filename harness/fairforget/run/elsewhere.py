"""A cell whose model was made elsewhere: loaded instead of unlearned, with the ledger that its maker declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import CameBack, MadeElsewhere
from fairforget.errors import FairforgetError
from fairforget.study.elsewhere import described, wanted_of

if TYPE_CHECKING:
    from fairforget.run.updates.live import LiveRun

BASIS: Final = "declared, not measured"
"""What the ledger of such a cell says of its numbers."""
STOPPED: Final = "elsewhere"


def bring(method: MadeElsewhere, cell: Mapping[str, Any], run: LiveRun) -> CameBack:
    """Load the model of a cell into that of the run; return what is declared of it.

    Raises:
        FairforgetError: it is not the one that the key of the cell stands for, or does not fit the target.
    """
    wanted = wanted_of(cell["draw"], cell["seed"], cell["target"]["id"])
    found = method.find(wanted)
    if described(found) != cell["method"].get("brought"):
        msg = "the model changed after the plan was made; run the same command again"
        raise FairforgetError(msg)
    with run.ledger.aside():
        method.load(run.model, wanted)
    run.stopped = STOPPED
    return found


def declared_ledger(spent: Mapping[str, float]) -> dict[str, Any]:
    """Return what a ledger says in place of what would have been counted: null is what nobody declared.

    Args:
        spent: of `fairforget.api.CameBack`.
    """
    forward, backward = spent.get("forward_sequences"), spent.get("backward_sequences")
    equivalents = None if forward is None or backward is None else forward + 2 * backward
    return {
        "basis": BASIS,
        "updates": spent.get("updates"),
        "forward_equivalents": equivalents,
        "declared": dict(spent),
    }
