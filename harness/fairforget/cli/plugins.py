"""``fairforget plugins list|show|doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairforget.cli.output import add_json, add_plugin
from fairforget.kinds import KINDS

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the three subcommands."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    summaries = {
        "list": "list every entry of every plugin",
        "show": "show where an entry comes from and which options it has",
        "doctor": "say which plugins did not load and why; exit code 1 if there are any",
    }
    for action, summary in summaries.items():
        sub = actions.add_parser(action, help=summary, description=summary, allow_abbrev=False)
        if action == "show":
            sub.add_argument("name", metavar="NAME", help="a name from 'plugins list', bare or as distribution/name")
        if action == "doctor":
            sub.add_argument("--deep", action="store_true", help="import what every entry points at, too (slow)")
        else:
            sub.add_argument("--kind", choices=KINDS, help="look at one kind only")
        add_plugin(sub)
        add_json(sub)


def execute(args: argparse.Namespace) -> int:
    """Run the chosen subcommand."""
    if args.action == "list":
        from fairforget.cli.plugins_list import execute as action
    elif args.action == "show":
        from fairforget.cli.plugins_show import execute as action
    else:
        from fairforget.cli.plugins_doctor import execute as action
    return action(args)
