"""``fairforget compare BASE HEAD``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.compare.values import Comparison


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from fairforget.cli.output import add_json

    parser.add_argument("base", type=Path, metavar="BASE", help="results to compare with: the folder of a run")
    parser.add_argument("head", type=Path, metavar="HEAD", help="results that are judged")
    parser.add_argument(
        "--fail-on",
        choices=("worse", "cannot-tell"),
        default="worse",
        help="exit 1 where something got worse (default), or also where anything is not shown to be fine",
    )
    parser.add_argument(
        "--margin", type=float, default=0.0, metavar="X", help="a loss of less than X is none; default: 0"
    )
    parser.add_argument(
        "--score",
        default="score",
        metavar="NAME",
        help="compare score (default), completeness, utility or a column",
    )
    parser.add_argument("--format", choices=("md",), help="print Markdown instead of a table")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Compare two folders of results."""
    from fairforget.compare.folders import compare_folders
    from fairforget.errors import FairforgetError

    if args.json and args.format:
        msg = "--json and --format md are two forms of one page; give one of them"
        raise FairforgetError(msg)
    found = compare_folders(args.base, args.head, score=args.score, margin=args.margin)
    _show(found, as_json=args.json, form=args.format)
    return _complain(found, args.fail_on)


def _show(found: Comparison, *, as_json: bool, form: str | None) -> None:
    from fairforget.cli.output import print_json
    from fairforget.compare.markdown import render_markdown
    from fairforget.compare.terminal import render_terminal

    if as_json:
        print_json(found.to_json())
    else:
        sys.stdout.write(render_markdown(found) if form else render_terminal(found))


def _complain(found: Comparison, on: str) -> int:
    """Say on standard error why the gate is red; return the exit code."""
    for side, name, reason in found.rejected:
        print(printable(f"fairforget: {name} in {side} is not used: {reason}"), file=sys.stderr)
    red = found.fails("worse" if on == "worse" else "cannot-tell")
    for reason in red:
        print(printable(f"fairforget: {reason}"), file=sys.stderr)
    if found.rejected:
        return 2  # what is missing might have turned the gate
    return 1 if red else 0
