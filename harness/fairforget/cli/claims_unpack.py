"""``fairforget claims unpack``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("packs", type=Path, metavar="PACKS", help="where the packs lie")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the folders of the studies go")


def execute(args: argparse.Namespace) -> int:
    """Lay packed evidence of claims back as folders of runs."""
    from fairforget.claims.packs.folders import unpack

    for folder in unpack(args.packs, args.folder):
        print(printable(str(folder)))
    return 0
