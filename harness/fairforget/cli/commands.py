"""The commands there are.

A command is a module with two functions::

    def configure(parser: argparse.ArgumentParser) -> None   # declares options; cheap
    def execute(args: argparse.Namespace) -> int             # does it; imports what it needs; returns the exit code

The module is imported only when its command was chosen, so that ``fairforget --help`` costs nothing.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    import argparse


class CommandModule(Protocol):
    """What the module of a command offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options."""
        ...

    def execute(self, args: argparse.Namespace) -> int:
        """Do what the command says; return the exit code."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """One command of ``fairforget``."""

    name: str
    summary: str
    module: str

    def load(self) -> CommandModule:
        """Import the command's module."""
        return cast("CommandModule", importlib.import_module(self.module))


COMMANDS: Final = (
    Command("run", "run a study and make its board; again to continue", "fairforget.cli.run"),
    Command("board", "make a leaderboard from result folders", "fairforget.cli.board"),
    Command("compare", "compare two result folders: better, worse, or not to be told", "fairforget.cli.compare"),
    Command("submit", "check the results of a run and lay them beside the published ones", "fairforget.cli.submit"),
    Command("import", "make cell files from what others have measured", "fairforget.cli.import_"),
    Command("score", "score the unlearning difficulty of every sample of a task", "fairforget.cli.score"),
    Command("draws", "write every forget set of a study for code that is no plugin", "fairforget.cli.draws"),
    Command("status", "tell how far a study is, from its files alone", "fairforget.cli.status"),
    Command("studies", "list the studies that can be run by name", "fairforget.cli.studies"),
    Command("claims", "list findings of the literature as studies with verdicts", "fairforget.cli.claims"),
    Command("new", "write a plugin to begin with, which installs and passes its own tests", "fairforget.cli.new"),
    Command("check", "ask a plugin whether it keeps to the contract: the conformance kit", "fairforget.cli.check"),
    Command("plugins", "list what is installed, show one, or find out why one did not load", "fairforget.cli.plugins"),
)
