"""``fairforget claims run``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.cli.log import add_log, open_log, tell_problems
from fairforget.cli.output import add_plugin, discover, print_table, warn_of_problems
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fairforget.claims.forecast import Forecast
    from fairforget.claims.outcome import Outcome
    from fairforget.claims.planned import PlannedClaim, PlannedSite
    from fairforget.claims.run import ClaimsRun
    from fairforget.claims.sets import SetAt
    from fairforget.claims.values import Effect
    from fairforget.cli.log import Log
    from fairforget.registry import Registry


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="a claim file, or a name from 'claims list'")
    parser.add_argument("--all", action="store_true", help="every claim of 'claims list'")
    parser.add_argument(
        "--out", type=Path, default=Path("runs", "claims"), metavar="DIR", help="where results go; default runs/claims"
    )
    parser.add_argument("--engine", metavar="NAME[:N]", help="where cells run, with N workers; default: the study's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of every study, for example draws=3; may be given several times",
    )
    parser.add_argument("--retry-failed", action="store_true", help="run cells again whose record says they failed")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--dry-run", action="store_true", help="print what the claims need, what they cost, and run nothing"
    )
    either.add_argument("--judge-only", action="store_true", help="run nothing, and judge from the files in DIR alone")
    parser.add_argument(
        "--evidence",
        type=Path,
        metavar="DIR",
        help="with --judge-only: judge from the files or packs in this DIR; claims.json goes where --out says",
    )
    add_log(parser)
    add_plugin(parser)


def execute(args: argparse.Namespace) -> int:
    """Run what is missing of claims, and judge them."""
    from fairforget.claims.planned import check_shared

    _check_asked(args)
    if args.dry_run:
        registry = discover(args)
        warn_of_problems(registry)
        claims = _planned(args, registry)
        check_shared(claims)
        _print_reach(claims)
        _print_studies(claims, registry, args.out)
        return 0
    with open_log(args.log) as log:
        registry = discover(args)
        tell_problems(log, registry)
        claims = _planned(args, registry)
        log.opened({"command": "claims run", "claims": [c.claim.name for c in claims], "folder": str(args.out)})
        ran, outcomes = _run(claims, registry, log, args)
        file = args.out / "claims.json"
        log.closed({"claims": len(outcomes), "files": [str(file)]})
    _print_outcomes(outcomes)
    print()
    print(printable(str(file)))
    return 1 if ran is not None and (ran.failed or ran.stopped) else 0


def _check_asked(args: argparse.Namespace) -> None:
    from fairforget.errors import FairforgetError
    from fairforget.paths import lies_at

    if args.all and args.claims:
        msg = f"--all is every claim, {args.claims[0]} among them or not; give either"
        raise FairforgetError(msg)
    if args.evidence is not None and not args.judge_only:
        msg = (
            f"--evidence {args.evidence} is only read, and goes with --judge-only; --out is where a run puts its files"
        )
        raise FairforgetError(msg)
    if args.evidence is not None and lies_at(args.evidence) != "folder":
        msg = f"there is no folder {args.evidence}; --evidence names one with packs, or with what 'claims run' left"
        raise FairforgetError(msg)
    if not args.all and not args.claims:
        msg = "name a claim, or say --all; 'fairforget claims list' lists them"
        raise FairforgetError(msg)


def _planned(args: argparse.Namespace, registry: Registry) -> list[PlannedClaim]:
    from fairforget.claims.open import open_claim
    from fairforget.claims.outcome_file import by_number
    from fairforget.claims.planned import plan_claim
    from fairforget.errors import FairforgetError

    names = [entry.canonical for entry in registry.entries("claim")] if args.all else args.claims
    if not names:
        msg = "no installed plugin ships a claim; name a claim file"
        raise FairforgetError(msg)
    settings = [*([f"engine={args.engine}"] if args.engine else []), *args.set]
    ordered = sorted(names, key=by_number) if args.all else names
    return [plan_claim(open_claim(name, registry, settings), registry) for name in ordered]


def _run(
    claims: Sequence[PlannedClaim], registry: Registry, log: Log, args: argparse.Namespace
) -> tuple[ClaimsRun | None, tuple[Outcome, ...]]:
    from fairforget.claims.run import judge_claims, run_claims
    from fairforget.interrupted import interrupts_heeded

    try:
        with interrupts_heeded():
            ran = None
            if not args.judge_only:
                ran = run_claims(claims, registry, args.out, watcher=log, retry_failed=args.retry_failed)
            return ran, judge_claims(claims, args.out, watcher=log, whole=args.all, evidence=args.evidence)
    except KeyboardInterrupt:
        msg = f"interrupted; what is done is kept in {args.out}, and the same command goes on from there"
        raise KeyboardInterrupt(msg) from None


def _print_outcomes(outcomes: Sequence[Outcome]) -> None:
    rows = []
    for outcome in outcomes:
        effect = outcome.judged.effect
        notes = list(outcome.notes)
        if outcome.units_to_decide is not None:
            notes.insert(0, f"{outcome.units_to_decide:,} {effect.unit} a target would decide")
        note = notes[0] if notes else ""
        more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
        rows.append(
            [outcome.claim, outcome.judged.verdict, _interval(effect), f"{effect.n:,} {effect.unit}", note + more]
        )
    print_table(["claim", "verdict", "effect", "n", "note"], rows)


def _interval(effect: Effect) -> str:
    if math.isnan(effect.value):
        return "not known"
    return f"{effect.value:.3g} [{effect.low:.3g}, {effect.high:.3g}]"


def _print_reach(claims: Sequence[PlannedClaim]) -> None:
    from fairforget.claims.power import reach

    rows = []
    for planned in claims:
        found = reach(planned)
        price = found.price
        rows.append(
            [
                planned.claim.name,
                found.unit,
                _number(found.needed),
                _number(found.planned),
                "not known" if found.power is None else f"{found.power:.0%}",
                found.verdict,
                _number(price.cells),
                _number(price.updates),
                _number(price.forward_equivalents),
            ]
        )
    head = ["claim", "unit", "needed", "planned", "power", "within reach", "cells", "updates", "forward-equivalents"]
    print_table(head, rows)


def _print_studies(claims: Sequence[PlannedClaim], registry: Registry, out: Path) -> None:
    """Print what all studies and score sets cost together, each of them once, and how long what is left takes."""
    from fairforget.claims.forecast import Forecast
    from fairforget.claims.power import hopeless, price_of
    from fairforget.claims.run import studies
    from fairforget.claims.sets import sets_of

    sites, sets = studies(claims), sets_of(claims)
    price = price_of(sites)
    print()
    print("needed: units a target for a verdict at 80 % power, if effect and spread are as the claim assumes")
    if sites:
        said = (
            f"{len(sites)} studies, each run once: {price.cells:,} cells, {_number(price.updates)} updates, "
            f"{price.forward_equivalents:,} forward-equivalents at most, difficulty scores and evaluation on top"
        )
        print(printable(said))
    if sets:
        print(printable(_price_of_sets(sets)))
    _print_forecast(Forecast(sites, sets, registry, out), out)
    _print_lacks(sites, sets)
    for text in hopeless(claims):
        print(printable(text))


def _price_of_sets(sets: Sequence[SetAt]) -> str:
    from fairforget.claims.sets import forward_equivalents

    called = [one.wanted.difficulty.entry.canonical for one in sets]
    costs = list(zip(called, forward_equivalents(sets), strict=True))
    names = ", ".join(sorted({name for name, _ in costs}))
    price = f"{sum(cost or 0 for _, cost in costs):,} forward-equivalents at most"
    if unknown := sorted({name for name, cost in costs if cost is None}):
        price += f", and what {', '.join(unknown)} take, which is not known beforehand"
    return f"{len(sets):,} score sets of whole pools ({names}): {price}"


def _print_forecast(forecast: Forecast, out: Path) -> None:
    from fairforget.cli.words import spell

    left = forecast.after(0)
    if not left.pieces:
        print(printable(f"estimated time: none, nothing that takes long is missing in {out}"))
        return
    if left.measured:
        done = f"{left.measured:,} of {left.pieces:,} cells and score sets"
        print(printable(f"estimated time: {spell(left.seconds)} for {done} that"))
        print(printable(f"  are not in {out}, as others of their kind have taken; the making of targets comes on top"))
    if left.unknown:
        rest = left.pieces - left.measured
        lead = f"estimated time of {rest:,} cells and score sets: not known before one of each kind is in {out}:"
        print(printable(lead))
        for name in left.unknown:
            print(printable(f"  {name}"))


def _print_lacks(sites: Sequence[PlannedSite], sets: Sequence[SetAt]) -> None:
    """Print which studies cannot run yet, and why: one line a reason.

    Raises:
        NoLevel: a study can never run.
    """
    from fairforget.api import Task
    from fairforget.errors import FairforgetError
    from fairforget.run.able import check_able
    from fairforget.run.looks.stop_policies import NoLevel

    reasons: dict[str, set[str]] = {}
    run = {(site.study, site.site.name) for site in sites}
    for place, site in {(s.study, s.site.name): s for s in [*sites, *(one.site for one in sets)]}.items():
        try:
            # Where only scores are wanted, no cell has to be able to run.
            check_able(site.plan) if place in run else site.plan.task.of(Task).corpus()  # type: ignore[type-abstract]
        except NoLevel as error:
            raise NoLevel(f"study {site.study} on {site.site.name}: {error}") from error
        except FairforgetError as error:
            reasons.setdefault(str(error), set()).add(site.study)
    for reason, names in reasons.items():
        print(printable(f"{' and '.join(sorted(names))} cannot run yet: {reason}", keep="\n"))


def _number(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"
