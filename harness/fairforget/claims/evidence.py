"""The evidence of a claim: what lies in the folders of its studies, and what of that is not used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.board.planned import planned_keys
from fairforget.claims.fitting import Fitting, Unlike
from fairforget.claims.score_files import ScoresUnusable, read_scores
from fairforget.claims.values import Evidence, Part
from fairforget.store.results import Results

if TYPE_CHECKING:
    from fairforget.claims.fitting import Place
    from fairforget.claims.planned import PlannedClaim, PlannedSite
    from fairforget.store.record import Record, Rejected

Known = dict[tuple[str, str], "tuple[tuple[Record, ...], tuple[str, ...]]"]
"""Records of a study on a target, in a part, and what is to be said of them; by study and name of the site."""

_SHOWN: Final = 3
"""Files that one note names."""


@dataclass(frozen=True, slots=True)
class SiteFound:
    """What lies in the folder of one site."""

    part: Part
    cells: int
    """Cells of its study."""
    missing: int
    """Those of them without a record."""
    scorings: tuple[Mapping[str, Any], ...]
    """What each score set has cost."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """All evidence of a claim."""

    evidence: tuple[Evidence, ...]
    """By target, in the order of the claim."""
    sites: tuple[SiteFound, ...]

    @property
    def records(self) -> Iterator[Record]:
        """Those that are used, of all sites."""
        return (record for site in self.sites for record in site.part.records)

    @property
    def missing(self) -> int:
        """Cells without a record."""
        return sum(site.missing for site in self.sites)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not used, and what is missing."""
        return tuple(note for site in self.sites for note in site.notes)


def gather(planned: PlannedClaim, out: Path, known: Known | None = None) -> Found:
    """Read the evidence of a claim from the files of its studies, and from nothing else.

    Whatever is wrong with a file is a note and never an exception.

    Args:
        planned: the claim.
        out: where the studies of claims lie.
        known: records that were read for other claims about the same studies; what is read here is put there.

    Raises:
        FairforgetError: a folder cannot be read.
    """
    evidence, sites = [], []
    for target, of_target in planned.targets.items():
        found = [read_site(site, out, known, cells=planned.claim.cells) for site in of_target]
        parts = {site.site.part: one.part for site, one in zip(of_target, found, strict=True)}
        evidence.append(Evidence(target, parts))
        sites += found
    return Found(tuple(evidence), tuple(sites))


def read_site(site: PlannedSite, out: Path, known: Known | None = None, *, cells: bool = True) -> SiteFound:
    """Read the records of a site's study and its score sets.

    Args:
        site: of a claim.
        out: where the studies of claims lie.
        known: as for `gather`.
        cells: whether records are evidence.

    Raises:
        FairforgetError: the folder cannot be read.
    """
    name = f"{site.study}/{site.site.name}"
    planned = len(site.plan) if cells else 0
    if not site.folder(out).resolve().is_relative_to(out.resolve()):
        note = f"{name}: its folder is a link that leads out, and is not read"
        return SiteFound(Part(facts=site.site.facts), planned, planned, (), (note,))
    records, notes = _known(site, out, {} if known is None else known) if cells else ((), [])
    if missing := planned - len(records):
        notes.append(f"{missing:,} of {planned:,} cells are missing")
    scores, costs = [], []
    for wanted in site.scores:
        try:
            found = read_scores(site.folder(out), wanted)
        except ScoresUnusable as error:
            notes.append(str(error))
            continue
        if found is None:
            notes.append(f"the pool is not scored by {wanted.difficulty.entry.name}, seed {wanted.seed}")
        else:
            scores.append(found)
            costs.append(found.ledger)
    if len(origins := {(str(s.origin.get("target")), str(s.origin.get("weights"))) for s in scores}) > 1:
        notes.append(f"its score sets are of {len(origins)} target models")
    part = Part(records, tuple(s.scores for s in scores), site.site.facts)
    return SiteFound(part, planned, missing, tuple(costs), tuple(f"{name}: {note}" for note in notes))


def _known(site: PlannedSite, out: Path, known: Known) -> tuple[tuple[Record, ...], list[str]]:
    """Return the records of a site and what is to be said of them, read once for all claims that share it."""
    place = (site.study, site.site.name)
    if place not in known:
        notes: list[str] = []
        records = tuple(_records(site, out, notes))
        known[place] = records, tuple(notes)
    return known[place][0], list(known[place][1])


def _records(site: PlannedSite, out: Path, notes: list[str]) -> list[Record]:
    """Return the records of the site's study, one a place of its plan, by key."""
    folder = site.folder(out)
    if not (folder / "cells").is_dir():
        return []
    results = Results.read([folder])
    notes += _not_read(results.rejected)
    fitting, unlike = Fitting(site.plan), Counter[str]()
    fitted: list[tuple[Place, Record]] = []
    for record in results.records:
        try:
            fitted.append((fitting.place(record), record))
        except Unlike as why:
            unlike[str(why)] += 1
    for reason, count in sorted(unlike.items()):
        notes.append(f"{_records_are(count)} not used, being of another study: {reason}")
    first = planned_keys([folder]) or frozenset()
    return _one_a_place(_one_target(fitted, first, notes), first, notes)


def _records_are(count: int) -> str:
    return "1 record is" if count == 1 else f"{count:,} records are"


def _one_target(
    fitted: Sequence[tuple[Place, Record]], first: frozenset[str], notes: list[str]
) -> list[tuple[Place, Record]]:
    """Return the records of one target and one corpus: those of the plan's, else those of which there are most."""
    if not fitted:
        return []
    planned = Counter(_target(record) for _, record in fitted if record.key in first)
    counts = Counter(_target(record) for _, record in fitted)
    best = min(counts, key=lambda target: (-planned[target], -counts[target], target))
    if other := sum(counts.values()) - counts[best]:
        notes.append(f"{_records_are(other)} not used, being of another target model or of other data")
    return [(place, record) for place, record in fitted if _target(record) == best]


def _target(record: Record) -> tuple[str, str]:
    return str(record.cell["target"]["id"]), str(record.cell["task"].get("data"))


def _one_a_place(fitted: Iterable[tuple[Place, Record]], first: frozenset[str], notes: list[str]) -> list[Record]:
    """Return one record a place: that of the plan before others, one that went well before one that failed."""
    kept: dict[Place, Record] = {}
    others = 0
    for place, record in sorted(fitted, key=lambda f: (f[1].key not in first, f[1].status != "ok", f[1].key)):
        if kept.setdefault(place, record) is not record:
            others += 1
    if others:
        notes.append(f"{_records_are(others)} not used, for another stands for the same row, forget set and seed")
    return sorted(kept.values(), key=attrgetter("key"))


def _not_read(rejected: Sequence[Rejected]) -> list[str]:
    notes = [f"{one.path.name} is not used: {one.reason}" for one in rejected[:_SHOWN]]
    more = len(rejected) - _SHOWN
    return [*notes, *([f"{more:,} more files are not used"] if more > 0 else [])]
