"""From the evidence of a claim to its outcome."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.board.loose import amount, mapping
from fairforget.claims.outcome import Cost, Judged, OnTarget, Outcome
from fairforget.claims.pooling import pooled
from fairforget.claims.power import units_to_decide
from fairforget.claims.values import Effect
from fairforget.run.progress import seconds_of
from fairforget.run.seeds import stream

if TYPE_CHECKING:
    from fairforget.claims.claim import Claim
    from fairforget.claims.evidence import Found
    from fairforget.claims.statistics.base import Statistic
    from fairforget.claims.values import Evidence, Verdict

_AGES: Final = 1e15
"""Passes, or seconds, that no cell takes."""
_PHASES: Final = ("unlearning", "reference", "difficulty", "stopping", "evaluation")


def judge(claim: Claim, found: Found) -> Outcome:
    """Return what the evidence says of a claim; the same numbers whenever and wherever it is asked.

    The verdict is that of the mean over the targets. It is undecided where two targets are decided opposite ways: a
    mean over them would speak for neither. It is undecided too where a control is supported as the claim is: what
    meets the expectation with nothing to find says nothing. And it is undecided as long as cells of the design are
    missing: who may stop where the interval happens to lie right decides more often than the level says.
    """
    targets = tuple(_on_target(claim, evidence) for evidence in found.evidence)
    whole = _judged(claim, pooled([target.judged.effect for target in targets]))
    controls = {
        name: _judged(claim, pooled([target.controls[name].effect for target in targets])) for name in claim.controls
    }
    against = (*_early(found), *_against(whole.verdict, targets, controls))
    verdict: Verdict = "undecided" if against else whole.verdict
    undecided = whole.verdict == "undecided"
    return Outcome(
        claim=claim.name,
        judged=Judged(whole.effect, verdict),
        controls=controls,
        targets=targets,
        notes=(*against, *_problems(targets), *found.notes, *_failed(found)),
        cost=cost_of(found),
        units_to_decide=units_to_decide(claim.expect, whole.effect, len(targets)) if undecided else None,
    )


def cost_of(found: Found) -> Cost:
    """Return what the evidence has cost, as its ledgers say."""
    records = list(found.records)
    ledgers = [mapping(record.ledger.get(phase)) for record in records for phase in _PHASES]
    scorings = [mapping(ledger) for site in found.sites for ledger in site.scorings]
    seconds = [seconds_of({"ledger": record.ledger}) for record in records]
    return Cost(
        cells=len(records),
        missing=found.missing,
        failed=sum(record.status == "failed" for record in records),
        forward_equivalents=math.fsum(map(_equivalents, [*ledgers, *scorings])),
        seconds=math.fsum([*seconds, *(_spent(ledger.get("seconds")) for ledger in scorings)]),
    )


def _on_target(claim: Claim, evidence: Evidence) -> OnTarget:
    def judged(statistic: Statistic) -> Judged:
        return _judged(claim, _estimated(claim, statistic, evidence))

    controls = {name: judged(statistic) for name, statistic in claim.controls.items()}
    return OnTarget(evidence.target, judged(claim.statistic), controls)


def _estimated(claim: Claim, statistic: Statistic, evidence: Evidence) -> Effect:
    # Claim and control meet the same random numbers: they differ in what is asked and in nothing else.
    rng = stream("claim", claim.name, evidence.target)
    try:
        return statistic.estimate(evidence, rng)
    except Exception as error:  # noqa: BLE001 - records may be anybody's; one claim must not end those beside it
        return Effect.unknown(f"cannot be estimated: {type(error).__name__}: {str(error)[:200]}", unit=statistic.unit)


def _judged(claim: Claim, effect: Effect) -> Judged:
    return Judged(effect, claim.expect.verdict(effect))


def _early(found: Found) -> Iterator[str]:
    """Yield that the evidence is not all there, where it is not."""
    if found.missing:
        cells = sum(site.cells for site in found.sites)
        yield f"undecided, for {found.missing:,} of the {cells:,} cells of the design are missing; run it to its end"


def _against(verdict: Verdict, targets: tuple[OnTarget, ...], controls: Mapping[str, Judged]) -> Iterator[str]:
    """Yield why the verdict is not what the interval says."""
    by = {v: [t.target for t in targets if t.judged.verdict == v] for v in ("supported", "contradicted")}
    if by["supported"] and by["contradicted"]:
        yield (
            f"undecided, for targets disagree: supported on {', '.join(by['supported'])}, contradicted on "
            f"{', '.join(by['contradicted'])}"
        )
    fooled = [name for name, judged in controls.items() if judged.verdict == "supported"]
    if verdict == "supported" and fooled:
        are = "control {} is" if len(fooled) == 1 else "controls {} are"
        yield f"undecided, for the {are.format(', '.join(fooled))} supported too"


def _problems(targets: tuple[OnTarget, ...]) -> Iterator[str]:
    """Yield what statistics say of what they left out, and why there is no value."""
    for target in targets:
        effect = target.judged.effect
        if effect.problem:
            yield f"{target.target}: {effect.problem}"
        for name, control in target.controls.items():
            if control.effect.problem and control.effect.problem != effect.problem:
                yield f"{target.target}, control {name}: {control.effect.problem}"


def _failed(found: Found) -> Iterator[str]:
    records = list(found.records)
    if failed := sum(record.status == "failed" for record in records):
        yield f"{failed:,} of {len(records):,} cells failed"


def _equivalents(counts: Mapping[str, Any]) -> float:
    return _spent(counts.get("forward_sequences")) + 2 * _spent(counts.get("backward_sequences"))


def _spent(found: Any) -> float:
    """Return a number of a ledger; 0 where it is one that nobody could spend, for sums of such have no end."""
    return value if (value := amount(found)) < _AGES else 0.0
