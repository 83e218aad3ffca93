"""An outcome with the file of its claim, where there is one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.board.text import listed, shown
from fairforget.claims.outcome import Judged, Outcome
from fairforget.claims.read import ReadClaim, read_claim
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.registry import Registry

_OURS: Final = "fairforget/"


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one claim."""

    outcome: Outcome
    read: ReadClaim | None
    """None where the claim is not there any more, or its file is wrong; `lack` says so."""
    lack: str
    """Why there is no file; empty where there is one."""
    name: str
    """Short, fit to be printed."""
    anchor: str
    """Of its section: letters, digits and hyphens; no other claim has it."""

    @property
    def title(self) -> str:
        """The claim in a few words; its name where there is no file."""
        return self.name if self.read is None else shown(self.read.file.title, 120)

    @property
    def changed(self) -> str:
        """How the file differs from what was judged; empty where nothing shows that it does."""
        if self.read is None:
            return ""
        file, whole = self.read.file, self.outcome
        other = [
            what
            for what, now, then in (
                ("targets", sorted(file.targets), sorted(one.target for one in whole.targets)),
                ("controls", sorted(file.controls), sorted(whole.controls)),
            )
            if now != then
        ]
        if any(file.expect.verdict(one.effect) != one.verdict for one in _intervals(whole)):
            other.append("expectation")
        if not other:
            return ""
        return f"the claim's file has changed since it was judged, in its {listed(other)}; judge it again"


def told(outcomes: Sequence[Outcome], registry: Registry, files: Sequence[Path] = ()) -> tuple[Told, ...]:
    """Return every outcome with its file, in the order of the outcomes.

    Args:
        outcomes: as `fairforget.claims.outcome_file.read_outcomes` reads them.
        registry: where claims are looked up by name.
        files: claim files that no plugin ships, and folders of them, of which those are taken that have an outcome.

    Raises:
        FairforgetError: one of `files` is wrong, or is about no claim among the outcomes, or a folder has none that is.
    """
    known = {outcome.claim for outcome in outcomes}
    given = {read.name: read for read in (read_claim(file, registry) for file in _found(files, known))}
    for name, read in given.items():
        if name not in known:
            msg = f"{read.path}: there is no outcome of {name}; run it, or judge it, into this folder"
            raise FairforgetError(msg)
    short = Counter(_short(outcome.claim) for outcome in outcomes)
    anchors: Counter[str] = Counter()
    return tuple(_told(outcome, given, registry, short, anchors) for outcome in outcomes)


def _found(files: Sequence[Path], known: set[str]) -> Iterator[Path]:
    """Yield the files, and those of each folder that are called as one of `known`."""
    for path in files:
        if not path.is_dir():
            yield path
            continue
        # What is there is looked up among the names, not the names among what is there: they are anybody's text.
        mine = sorted(file for file in path.glob("*.yaml") if file.stem in known)
        if not mine:
            msg = f"{path}: no claim file in it has an outcome here; run its claims, or judge them, into this folder"
            raise FairforgetError(msg)
        yield from mine


def _told(
    outcome: Outcome, given: dict[str, ReadClaim], registry: Registry, short: Counter[str], anchors: Counter[str]
) -> Told:
    read, lack = given.get(outcome.claim), ""
    if read is None:
        try:
            read = _installed(outcome.claim, registry)
        except FairforgetError as error:
            lack = str(error)
    name = outcome.claim if short[_short(outcome.claim)] > 1 else _short(outcome.claim)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()[:60]).strip("-") or "claim"
    anchors[slug] += 1
    # Two hyphens are in no slug, so that no number makes it another's.
    anchor = f"claim-{slug}" if anchors[slug] == 1 else f"claim-{slug}--{anchors[slug]}"
    return Told(outcome, read, lack, shown(name, 60), anchor)


def _installed(name: str, registry: Registry) -> ReadClaim:
    # A name among outcomes is anybody's text, and no path that is opened.
    if "/" not in name or name.endswith((".yaml", ".yml")):
        msg = "its claim file is not installed; give it with --claim FILE"
        raise FairforgetError(msg)
    entry = next((entry for entry in registry.entries("claim") if entry.canonical == name), None)
    if entry is None:
        msg = "it is not installed any more"
        raise FairforgetError(msg)
    return read_claim(entry.canonical, registry)


def _short(name: str) -> str:
    return name.removeprefix(_OURS)


def _intervals(outcome: Outcome) -> Iterator[Judged]:
    """Yield what was judged by its interval alone, as the verdict over all targets may not be."""
    yield from outcome.controls.values()
    for one in outcome.targets:
        yield one.judged
        yield from one.controls.values()
