"""A method at work, from its first look to its last."""

from __future__ import annotations

from fairforget.api import Method
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.live import LiveRun


def follow(method: Method, run: LiveRun) -> None:
    """Let a method unlearn, look at its way, and see that it kept to its budget.

    Raises:
        UnlearningFailed: it made more updates than it took batches, or overdrew a budget in forward-equivalents by
            more than its first update cost.
    """

    def own() -> set[int]:
        """Return which parameters make a step on them an update, by ``id``: none while the harness looks or scores."""
        if run.ledger.current != "unlearning":
            return set()
        return {id(parameter) for model in run.models for parameter in model.parameters()}

    with run.ledger.phase("unlearning"):
        run.path.start(run.model, run.ledger, run.updates_per_epoch)
        try:
            with run.steps.everywhere(own):
                method.unlearn(run)
            run.finish(unused=True)
        finally:
            run.let_go()
            for parameter in (p for model in run.models for p in model.parameters()):
                parameter.grad = None  # of a loop of the method's own; nothing reads it any more
        _check_spending(run)
        run.path.end(run.model, run.ledger)


def _check_spending(run: LiveRun) -> None:
    beyond = run.tally.first if run.tally.batches else run.scoring
    if not run.budget.affords(run.ledger, -beyond):
        raise UnlearningFailed(
            "over-budget",
            f"the method spent {run.ledger.forward_equivalents} forward-equivalents, and the budget has "
            f"{run.budget.amount:g}; it may be overdrawn by no more than the first update costs ({beyond})",
        )
