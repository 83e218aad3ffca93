"""``fairforget submit DIR``, and ``fairforget submit --check BASE``."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.cli.output import add_json, add_plugin, discover, print_json, warn_of_problems
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.submit.affected import Affected
    from fairforget.submit.findings import Finding
    from fairforget.submit.laying import Laying
    from fairforget.submit.offer import Offer
    from fairforget.submit.review import Review

_SHOWN: Final = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help="the folder of a run, with its submission.yaml"
    )
    parser.add_argument(
        "--to",
        type=Path,
        default=Path("leaderboards"),
        metavar="DIR",
        help="the folder of results and boards; default: leaderboards",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing; say what would be added and what moves")
    parser.add_argument(
        "--check",
        metavar="BASE",
        help="look at the results as they are beside what they were: a folder, or a commit, branch or tag of git",
    )
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Lay results where the published ones are, or check that nothing published was touched."""
    from fairforget.errors import FairforgetError
    from fairforget.submit.installed import Installed

    if (args.directory is None) == (args.check is None):
        raise FairforgetError("name the folder of a run to submit, or with --check BASE what the results were before")
    if args.check is not None and args.dry_run:
        raise FairforgetError("--check writes nothing; leave --dry-run away")
    registry = discover(args)
    warn_of_problems(registry)
    if args.check is not None:
        return _check(args, Installed(registry))
    return _submit(args, Installed(registry))


def _submit(args: argparse.Namespace, installed: Any) -> int:
    from fairforget.errors import FairforgetError
    from fairforget.store.parts import Parts
    from fairforget.submit.affected import State, affected, lowered
    from fairforget.submit.findings import Finding
    from fairforget.submit.laying import lay, lay_out
    from fairforget.submit.layout import RESULTS
    from fairforget.submit.offer import read_offer
    from fairforget.submit.published import declarations_of, other_draws, read_published, slim, taken_names

    if not args.to.is_dir():
        raise FairforgetError(f"there is no folder {args.to}; name that of results and boards with --to")
    offer = read_offer(args.directory, installed)
    results = args.to / RESULTS
    published = read_published(results)
    laying = lay_out(offer, published.records)
    parts = Parts()
    new = {cell.place: slim(cell.record, parts) for cell in laying.new}
    findings = [*offer.findings, *other_draws(published.records.values(), new.items())]
    findings += taken_names(published.records.values(), new.items())
    findings += [Finding(f"{RESULTS}/{found.where}", found.reason) for found in published.unusable]
    boards: list[Affected] = []
    if not findings:
        before = State(published.records, published.declared)
        after = State({**published.records, **new}, {**published.declared, **declarations_of(laying.declarations)})
        boards = affected(args.to, before, after)
        findings += lowered(boards)
        if not findings and not args.dry_run:
            lay(laying, results)
    if args.json:
        print_json(
            {
                "new": [cell.place for cell in laying.new],
                "kept": [cell.place for cell in laying.kept],
                "declarations": sorted(laying.declarations),
                "written": not findings and not args.dry_run,
                "notices": list(offer.notices),
                **_json(findings, boards),
            }
        )
    else:
        _say_offer(offer, laying, args.to, "would be added" if findings or args.dry_run else "added")
        _say_boards(boards)
    return _say_findings(findings, "nothing was written") if findings else 0


def _check(args: argparse.Namespace, installed: Any) -> int:
    from fairforget.submit.review import review

    found = review(args.check, args.to, installed)
    if args.json:
        print_json({"new": found.new, "changed_boards": found.changed_boards, **_json(found.findings, found.boards)})
    else:
        _say_review(found)
    return _say_findings(found.findings, "this change cannot be taken as it is") if found.findings else 0


def _json(findings: Sequence[Finding], boards: Iterable[Affected]) -> dict[str, Any]:
    return {
        "findings": [found._asdict() for found in findings],
        "boards": [
            {
                "file": board.file,
                "error": board.error,
                "moves": [
                    {
                        **move._asdict(),
                        "before": None if move.before is None else move.before._asdict(),
                        "after": None if move.after is None else move.after._asdict(),
                    }
                    for move in board.moves
                ],
            }
            for board in boards
        ],
    }


def _say_offer(offer: Offer, laying: Laying, home: Path, verb: str) -> None:
    from fairforget.board.text import plural

    _say(f"{plural(len(laying.new), 'cell')} {verb} below {home}/results{':' if laying.new else ''}")
    folders = [str(cell.folder) for cell in laying.new]
    for folder in dict.fromkeys(folders):
        _say(f"  {folder}: {plural(folders.count(folder), 'cell')}")
    if laying.kept:
        apart = "another set of scores" if math.isinf(laying.apart) else f"scores at most {laying.apart:.3g} apart"
        _say(f"{plural(len(laying.kept), 'cell')} published already; what is published stays ({apart})")
    for notice in offer.notices:
        _say(f"note: {notice}")


def _say_review(found: Review) -> None:
    from fairforget.board.text import plural

    _say(f"{plural(found.new, 'cell')} added")
    for name in found.changed_boards:
        _say(f"the board file {name} changed; what moves moves by its new rules too")
    _say_boards(found.boards)


def _say_boards(boards: Iterable[Affected]) -> None:
    for board in boards:
        if board.error is not None:
            _say(f"{board.file}: cannot be made: {board.error}")
        elif not board.moves:
            _say(f"{board.file}: nothing moves")
        else:
            _say(f"{board.file}: {len(board.moves):,} of its rows are new or stand otherwise")
            for move in board.moves[:_SHOWN]:
                _say(f"  {move.text()}")
            if len(board.moves) > _SHOWN:
                _say(f"  … and {len(board.moves) - _SHOWN:,} more; --json has them all")


def _say_findings(findings: Sequence[Finding], end: str) -> int:
    from fairforget.submit.findings import summed_up

    lines = summed_up(findings)
    for line in lines[:_SHOWN]:
        print(printable(f"fairforget: {line}", keep="\n"), file=sys.stderr)
    if len(lines) > _SHOWN:
        print(printable(f"fairforget: … and {len(lines) - _SHOWN:,} more; --json has them all"), file=sys.stderr)
    print(printable(f"fairforget: {end}"), file=sys.stderr)
    return 1


def _say(text: str) -> None:
    print(printable(text))
