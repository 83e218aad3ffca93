"""``fairforget claims list|run|pack|unpack|report``."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from fairforget.cli.commands import CommandModule

ACTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "list": ("list the claims that can be run by name", "fairforget.cli.claims_list"),
        "run": ("run what is missing of claims, and judge them", "fairforget.cli.claims_run"),
        "pack": ("pack the evidence of claims, one file a study and target", "fairforget.cli.claims_pack"),
        "unpack": ("lay packed evidence back as folders of runs", "fairforget.cli.claims_unpack"),
        "report": ("write what came of claims as a page and as Markdown", "fairforget.cli.claims_report"),
    }
)
"""By name: what it does, and the module with its ``configure`` and ``execute``, as for a command."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    for action, (summary, module) in ACTIONS.items():
        sub = actions.add_parser(action, help=summary, description=summary, allow_abbrev=False)
        _load(module).configure(sub)


def execute(args: argparse.Namespace) -> int:
    """Run the chosen subcommand."""
    return _load(ACTIONS[args.action][1]).execute(args)


def _load(module: str) -> CommandModule:
    return cast("CommandModule", importlib.import_module(module))
