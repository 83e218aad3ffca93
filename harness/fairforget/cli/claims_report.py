"""``fairforget claims report``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.cli.output import add_plugin, discover, warn_of_problems
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

_FORMATS: Final = ("md", "html")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("runs", "claims"),
        metavar="DIR",
        help="where 'claims run' has written claims.json; default runs/claims",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where claims.html and claims.md go; default: beside it"
    )
    parser.add_argument(
        "--format", choices=_FORMATS, help="print the report in this format, or with --out write this file alone"
    )
    parser.add_argument(
        "--claim",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="a claim file that no plugin ships, or a folder of such files; may be given several times",
    )
    add_plugin(parser)


def execute(args: argparse.Namespace) -> int:
    """Write what came of claims as a page and as Markdown."""
    from fairforget.claims.outcome_file import read_outcomes
    from fairforget.claims.report.page import report
    from fairforget.claims.report.told import told
    from fairforget.claims.report.write import RENDERERS, write_report

    outcomes = read_outcomes(args.folder)
    registry = discover(args)
    warn_of_problems(registry)
    claims = told(outcomes, registry, args.claim)
    for one in claims:
        if said := one.lack or one.changed:
            print(printable(f"fairforget: claim {one.name}: {said}"), file=sys.stderr)
    found = report(claims, registry)
    if args.format is not None and args.out is None:
        sys.stdout.write(RENDERERS[args.format](found))
        return 0
    beside = args.folder if args.folder.is_dir() else args.folder.parent
    for path in write_report(found, args.out or beside, args.format):
        print(printable(str(path)))
    return 0
