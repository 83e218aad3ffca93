"""The check of a change to the published results: nothing removed, changed, or lowered in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fairforget.board.files.declarations import LAID, LaidSubmission, declared, parse_declaration
from fairforget.board.identity import Declared
from fairforget.errors import FairforgetError
from fairforget.store.parts import Parts
from fairforget.store.reading import NotARecord, record_from_json
from fairforget.store.record import Record
from fairforget.store.strict_json import NotJson, parse
from fairforget.study.yaml_lines import parse_yaml
from fairforget.submit.affected import Affected, State, affected, lowered
from fairforget.submit.board_files import former_boards, odd_boards
from fairforget.submit.current import DEPTH, Current, read_current, undeclared
from fairforget.submit.findings import Finding
from fairforget.submit.installed import Installed
from fairforget.submit.layout import RESULTS
from fairforget.submit.published import other_draws, slim, taken_names
from fairforget.submit.trees import FolderTree, GitTree, open_base


@dataclass(frozen=True, slots=True)
class Review:
    """What a change does."""

    findings: tuple[Finding, ...]
    new: int
    """Cells that are added."""
    boards: tuple[Affected, ...]
    changed_boards: tuple[str, ...]
    """Board files that are not as they were."""


def review(base: str, home: Path, installed: Installed) -> Review:
    """Compare the leaderboards in `home` with what they were.

    Args:
        base: a folder, or a commit, branch or tag.
        home: the folder of ``results`` and ``boards``.
        installed: to look at new cells.

    Raises:
        FairforgetError: `base` or `home` is not there, or a board file is wrong.
    """
    if not home.is_dir():
        msg = f"there is no folder {home}; name that of results and boards with --to"
        raise FairforgetError(msg)
    old = open_base(base, home)
    new = FolderTree(home.resolve(), old.algorithm)
    findings = list(_touched(old, new))
    if isinstance(old, GitTree) and any(path not in new.digests for path in old.digests) and not old.is_merged():
        findings.append(
            Finding(".", f"{base} has commits that are not here; merge it before anything counts as removed")
        )
    fresh = {path for path in new.digests if path not in old.digests}
    now = read_current(new, fresh, installed)
    findings += now.findings
    findings += undeclared(now, fresh)
    before = _before(old, new, now)
    added = {place: record for place, record in now.records.items() if place not in before.records}
    findings += other_draws(before.records.values(), added.items())
    findings += taken_names(before.records.values(), added.items())
    after = State(now.records, _declarations(now.said))
    former = former_boards(home, old, new.digests)
    boards = affected(home, before, after, former)
    findings += odd_boards(home, fresh)
    findings += lowered(boards)
    return Review(tuple(sorted(findings)), len(added), tuple(boards), tuple(former))


def _touched(old: FolderTree | GitTree, new: FolderTree) -> Iterator[Finding]:
    """Yield what was there and is not, or is otherwise; a board file may change, and the review says so."""
    for path, kind in new.odd.items():
        yield Finding(path, f"{kind}; only plain files are published")
    for path, digest in old.digests.items():
        if path not in new.digests:
            yield Finding(path, "removed; what is published stays")
        elif path.startswith(f"{RESULTS}/") and new.digests[path] != digest:
            yield Finding(path, "changed; what is published stays as it is")


def _before(old: FolderTree | GitTree, new: FolderTree, now: Current) -> State:
    """Return the state before; what did not change is not read again."""
    records: dict[str, Record] = {}
    said: dict[str, LaidSubmission] = {}
    for path, digest in old.digests.items():
        parts = PurePosixPath(path).parts
        place, same = "/".join(parts[1:]), new.digests.get(path) == digest
        if parts[0] != RESULTS or len(parts) != DEPTH:
            continue
        if same and place in now.records:
            records[place] = now.records[place]
        elif same and place in now.said:
            said[place] = now.said[place]
        elif not same and LAID.fullmatch(parts[-1]):
            said |= _old_declaration(old, path, place)
        elif not same and (record := _old_record(old, path, now.parts)) is not None:
            records[place] = record
    return State(records, _declarations(said))


def _old_declaration(old: FolderTree | GitTree, path: str, place: str) -> dict[str, LaidSubmission]:
    try:
        return {place: parse_declaration(parse_yaml(old.read(path), path), LaidSubmission)}
    except FairforgetError:
        return {}


def _old_record(old: FolderTree | GitTree, path: str, parts: Parts) -> Record | None:
    try:
        return slim(record_from_json(parse(old.read(path))), parts)
    except (NotJson, NotARecord):
        return None


def _declarations(said: Mapping[str, LaidSubmission]) -> dict[str, Declared]:
    return {key: declared(one) for one in said.values() for key in one.cells}
