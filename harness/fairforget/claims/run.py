"""Running what is missing of claims, each study once however many claims share it, and judging them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.claims.evidence import Known, gather
from fairforget.claims.forecast import Forecast, Left
from fairforget.claims.judge import judge
from fairforget.claims.outcome_file import NAME, OutcomesUnusable, read_outcomes, write_outcomes
from fairforget.claims.packs.folders import check_not_packed, laid_out
from fairforget.claims.planned import PlannedClaim, PlannedSite, check_shared
from fairforget.claims.power import hopeless
from fairforget.claims.rounding import rounded
from fairforget.claims.scoring import make_scores
from fairforget.claims.sets import sets_of
from fairforget.errors import FairforgetError, MachineFault
from fairforget.interrupted import heed_interrupt
from fairforget.paths import cache_folder

if TYPE_CHECKING:
    from fairforget.claims.outcome import Outcome as Judgement
    from fairforget.registry import Registry
    from fairforget.run.study import Outcome
    from fairforget.run.watcher import Watcher


@dataclass(frozen=True, slots=True)
class ClaimsRun:
    """What became of the studies of claims."""

    ran: int
    """Cells that this run ran."""
    failed: int
    """Cells whose record says that they failed, or that have none because their worker died."""
    stopped: tuple[str, ...]
    """Why a study, or the scoring of a pool, could not run; the others did."""


def run_claims(
    claims: Sequence[PlannedClaim],
    registry: Registry,
    out: Path,
    *,
    watcher: Watcher,
    retry_failed: bool = False,
) -> ClaimsRun:
    """Run what is missing of the studies and score sets of claims; the same call again continues.

    Args:
        claims: planned.
        registry: for events, and the plugin files that workers need.
        out: where the studies lie.
        watcher: is told how it goes.
        retry_failed: run cells again whose record says that they failed.

    Raises:
        FairforgetError: two claims mean different studies by one name, the disk is full, `out` holds packs, or no study
            can run; nothing that was done is lost.
    """
    check_shared(claims)
    check_not_packed(out)
    ran = failed = done = 0
    stopped: list[FairforgetError] = []
    sites, sets = studies(claims), sets_of(claims)
    forecast = Forecast(sites, sets, registry, out)
    for text in hopeless(claims):
        watcher.note(text)
    for number, site in enumerate(sites):
        text = f"study {number + 1} of {len(sites)}: {site.study} on {site.site.name}"
        _tell_part(watcher, text, forecast.after(number), forecast.after(number + 1))
        with _going_on(site, stopped, watcher):
            outcome = _run(site, registry, out, watcher, retry_failed=retry_failed)
            ran, failed, done = ran + outcome.ran, failed + len({*outcome.failed, *outcome.lost}), done + 1
        forecast.look(site)
    if sets:
        _tell_part(watcher, f"{len(sets):,} score sets", forecast.scores(), Left())

        def could_not(site: PlannedSite, error: FairforgetError) -> None:
            with _going_on(site, stopped, watcher):
                raise error

        done += make_scores(sets, registry, out, cache_folder(), watcher, could_not)
    if stopped and not done:
        raise stopped[0]
    return ClaimsRun(ran, failed, tuple(dict.fromkeys(map(str, stopped))))


def _tell_part(watcher: Watcher, text: str, rest: Left, later: Left) -> None:
    """Say that a part begins; a piece whose like was never measured is taken to cost the mean of the others."""
    mean = rest.mean
    watcher.part(text, rest.guess(mean), later.guess(mean), rest.known)


def _run(site: PlannedSite, registry: Registry, out: Path, watcher: Watcher, *, retry_failed: bool) -> Outcome:
    """Run what is missing of one study by the machinery of ``fairforget run``."""
    from fairforget.run.session import run_to_board

    return run_to_board(site.plan, registry, site.folder(out), watcher=watcher, retry_failed=retry_failed).outcome


@contextmanager
def _going_on(site: PlannedSite, stopped: list[FairforgetError], watcher: Watcher) -> Iterator[None]:
    """Keep what the user can mend for later: data that are not on this machine end no other claim."""
    try:
        yield
    except MachineFault:
        raise  # a full disk would meet the next study too
    except FairforgetError as error:
        heed_interrupt(error)
        watcher.note(f"study {site.study} on {site.site.name} cannot run: {error}")
        stopped.append(error)


def studies(claims: Sequence[PlannedClaim]) -> list[PlannedSite]:
    """Return the sites whose cells some claim needs, each folder once, in the order of the claims."""
    found = {(s.study, s.site.name): s for planned in reversed(claims) if planned.claim.cells for s in planned.sites}
    order = dict.fromkeys((s.study, s.site.name) for planned in claims if planned.claim.cells for s in planned.sites)
    return [found[place] for place in order]


def judge_claims(
    claims: Sequence[PlannedClaim],
    out: Path,
    *,
    watcher: Watcher,
    whole: bool = False,
    evidence: Path | None = None,
) -> tuple[Judgement, ...]:
    """Judge claims from files alone, and write ``claims.json`` into `out`.

    Args:
        claims: planned.
        out: where the file goes.
        watcher: is told how it goes.
        whole: whether these are all claims there are; else the outcomes of others stay in the file.
        evidence: where the studies lie, as runs leave them or as packs; by default `out`.

    Returns:
        The outcomes of `claims`, in their order, with effects to as many digits as every processor agrees on.

    Raises:
        FairforgetError: two claims mean different studies by one name, a pack is not used, or the file cannot be
            written.
    """
    check_shared(claims)
    outcomes: dict[str, Judgement] = {}
    # Study by study: what claims share is read once, and only the records of one study are in memory.
    for _, of_study in groupby(sorted(claims, key=_study), key=_study):
        known: Known = {}
        together = list(of_study)
        names = {site.study for planned in together for site in planned.sites}
        with laid_out(out if evidence is None else evidence, names) as folder:
            for planned in together:
                watcher.stage(f"judging {planned.claim.name}")
                outcomes[planned.claim.name] = rounded(judge(planned.claim, gather(planned, folder, known)))
    others = () if whole else _others(claims, out, watcher)
    write_outcomes(out, [*others, *outcomes.values()])
    return tuple(outcomes[planned.claim.name] for planned in claims)


def _study(planned: PlannedClaim) -> str:
    return planned.sites[0].study


def _others(claims: Sequence[PlannedClaim], out: Path, watcher: Watcher) -> tuple[Judgement, ...]:
    """Return the outcomes of other claims that the file has."""
    judged = {planned.claim.name for planned in claims}
    try:
        return tuple(outcome for outcome in read_outcomes(out) if outcome.claim not in judged)
    except OutcomesUnusable as error:
        if (out / NAME).exists():
            watcher.note(f"{error}; it is written anew")
        return ()
