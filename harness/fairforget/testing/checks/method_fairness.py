"""What makes two methods comparable: determinism, data, budget, ledger."""

from __future__ import annotations

from typing import Final

from fairforget.testing.case import Case, smallest
from fairforget.testing.checks.observed import BOTH, KIND, OWNERS, judge, no_reference_row, observed, once_more, plain
from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined
from fairforget.testing.watch.observe import Observation

_ROUNDS: Final = 2
"""Weights at which gradients may be taken with one batch: as they are, and moved aside for a look (SAM)."""


def deterministic(examined: Examined) -> None:
    """The same cell twice gives the same weights, bit by bit, and the same ledger."""
    plain(examined)

    def wrong(case: Case) -> str | None:
        first, second = observed(examined, case), once_more(examined, case)
        return None if first.problem or second.problem else _unlike(first, second)

    shown = smallest(wrong, Case(), tries=6)
    if shown is not None:
        raise CheckFailed(*shown)


def leaves_reference_alone(examined: Examined) -> None:
    """The target and the reference keep their weights."""
    judge(examined, lambda found: _some(found.reference, "changed"))


def leaves_retain_data_alone(examined: Examined) -> None:
    """The texts to keep and to forget, and their tokens in every batch, stay as they were."""
    judge(examined, lambda found: _some(found.data, "changed"))


def uses_forget_only_as_given(examined: Examined) -> None:
    """Nothing goes through the model that the method was not given: no held-out sample."""

    def say(found: Observation) -> str | None:
        return _some(found.seen.strangers, "went through the model, and the method was not given it (holdout)")

    judge(examined, say)


def respects_budget(examined: Examined) -> None:
    """It makes one update a batch, and stops when the budget is spent, in updates or in forward-equivalents."""
    found = observed(examined)
    if found.problem is not None and OWNERS.get(found.problem) == "respects-budget":
        raise CheckFailed(found.message, Case())
    judge(examined, _beyond)
    spent = found.ledger["forward_equivalents"]
    if not found.ledger["updates"] or not spent:
        return
    amount = int(spent / found.ledger["updates"] * 2.5)
    budget = {"kind": "forward_equivalents", "amount": amount, "stop": None}
    other = observed(examined, Case(), budget=budget)
    if other.problem is not None and OWNERS.get(other.problem) == "respects-budget":
        raise CheckFailed(f"under a budget of {amount} forward-equivalents: {other.message}", Case())
    if other.problem is None and (message := _beyond(other)) is not None:
        raise CheckFailed(f"under a budget of {amount} forward-equivalents: {message}", Case())


def ledger_complete(examined: Examined) -> None:
    """What goes through the model is in the ledger, all of it."""
    no_reference_row(examined)
    judge(examined, _escaped)


def _unlike(first: Observation, second: Observation) -> str | None:
    from fairforget.testing.watch.inside import differing

    told = []
    if names := differing(first.weights, second.weights):
        most = max(
            (float((first.weights[n] - second.weights[n]).abs().max()) for n in names if n in second.weights),
            default=0.0,
        )
        told.append(f"{len(names)} tensors differ by up to {most:.3g}: {', '.join(names[:2])}")
    if first.ledger != second.ledger:
        keys = [key for key in first.ledger if first.ledger[key] != second.ledger.get(key)]
        told.append(f"the ledger differs in {', '.join(keys)}")
    if first.visits != second.visits:
        told.append("other samples were met")
    return "; ".join(told) or None


def _beyond(found: Observation) -> str | None:
    if found.seen.rounds > _ROUNDS:
        return (
            f"gradients were taken at {found.seen.rounds} weights, one after another, without a new batch: that is "
            f"{found.seen.rounds} updates for one"
        )
    if found.seen.late:
        return "it went on training after the batches had ended"
    return "; ".join(found.budget) or None


def _escaped(found: Observation) -> str | None:
    if found.uncounted:
        return "; ".join(found.uncounted)
    for what, torch_saw, told in zip(("forward", "backward"), found.embedded, found.paid, strict=True):
        if torch_saw > told:
            return f"{torch_saw} sequences went {what} through a model, and the ledger has {told}"
    return None


def _some(found: list[str], what: str) -> str | None:
    if not found:
        return None
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{found[0]}{more} {what}"


FAIRNESS: Final = (
    Check("deterministic", BOTH, deterministic),
    Check("leaves-reference-alone", KIND, leaves_reference_alone),
    Check("leaves-retain-data-alone", BOTH, leaves_retain_data_alone),
    Check("uses-forget-only-as-given", KIND, uses_forget_only_as_given),
    Check("respects-budget", KIND, respects_budget),
    Check("ledger-complete", KIND, ledger_complete),
)
