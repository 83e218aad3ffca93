"""``fairforget claims pack``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.cli.output import print_table

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="where 'claims run' has put the studies of claims")
    parser.add_argument("packs", type=Path, metavar="PACKS", help="where the packs go, one a study and target")


def execute(args: argparse.Namespace) -> int:
    """Pack the evidence of claims."""
    from fairforget.claims.packs.folders import pack

    made = pack(args.folder, args.packs)
    rows = [
        [str(one.path), f"{one.records:,}", f"{one.score_sets:,}", f"{one.unpacked:,}", f"{one.packed:,}"]
        for one in made
    ]
    sums = [f"{sum(getattr(one, name) for one in made):,}" for name in ("records", "score_sets", "unpacked", "packed")]
    print_table(["pack", "records", "score sets", "bytes", "packed"], [*rows, ["all", *sums]])
    return 0
