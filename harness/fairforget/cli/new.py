"""``fairforget new KIND NAME``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.cli.output import add_json, print_json
from fairforget.new.naming import NEW_KINDS

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(NEW_KINDS))
    parser.add_argument(
        "name", metavar="NAME", help="lower-case letters, digits and hyphens; the distribution is fairforget-NAME"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder to make; it must not exist. Default: ./fairforget-NAME"
    )
    parser.add_argument("--author", metavar="TEXT", help="for its metadata: 'Name' or 'Name <address>'")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Write a distribution, and say what to type next."""
    from fairforget.new.laying import check_absent, lay
    from fairforget.new.naming import check_free, kind, names, shared
    from fairforget.new.rendering import commands, render
    from fairforget.paths import expanded
    from fairforget.registry import Registry
    from fairforget.terminal import printable

    wanted = names(kind(args.kind), args.name)
    folder = expanded(wanted.dist if args.out is None else args.out)
    check_absent(folder)
    registry = Registry.discover()
    check_free(wanted, registry)
    files = render(wanted, args.author, shared=shared(wanted, registry))
    lay(files, folder)
    there = f"./{folder}" if str(folder).startswith("-") else str(folder)  # no option of cd
    following = [f"cd {shlex.quote(there)}", *commands(files)]
    if args.json:
        print_json({"folder": str(folder), "files": sorted(files), "next": following})
        return 0
    for place in sorted(files):
        print(printable(str(folder / place)))
    print("\nNext:")
    for line in following:
        print(printable(f"  {line}"))
    return 0
