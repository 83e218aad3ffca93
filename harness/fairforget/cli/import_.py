"""``fairforget import FORM PATH… --out DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.importers.cells import Source

FORMS: Final = ("open-unlearning", "tofu-log")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "form",
        choices=FORMS,
        metavar="FORM",
        help="tofu-log: TOFU's aggregated logs; open-unlearning: TOFU_EVAL.json or *_SUMMARY.json",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a file, or the folder it lies in; one an unlearned model (none: the reference rows alone)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the folder cells/ goes")
    parser.add_argument("--method", metavar="NAME", help="name of the row; default: what the file or folder is called")
    parser.add_argument("--retain", type=Path, metavar="PATH", help="the same of the model retrained without the set")
    parser.add_argument("--untouched", type=Path, metavar="PATH", help="the same of the model before unlearning")
    parser.add_argument(
        "--target", metavar="NAME", help="what the model was before unlearning; only equals share a table"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the unlearning run; default 0")
    parser.add_argument(
        "--group", type=int, default=20, metavar="N", help="consecutive questions of one author; default 20, as in TOFU"
    )
    parser.add_argument("--whole", action="store_true", help="one draw, the whole forget set, and so no intervals")
    parser.add_argument(
        "--strata", action="store_true", help="sort authors into easy, medium and hard by their loss in --untouched"
    )


def execute(args: argparse.Namespace) -> int:
    """Write cell files from what others have measured."""
    from fairforget.board.text import plural
    from fairforget.errors import FairforgetError
    from fairforget.importers.cells import Settings, records
    from fairforget.store.record import write_record
    from fairforget.store.results import CELLS

    if not args.paths and args.untouched is None and args.retain is None:
        raise FairforgetError(
            "there is nothing to import: name the file of an unlearned model, --untouched or --retain"
        )
    if args.method is not None and len(args.paths) != 1:
        several = "several files are" if args.paths else "no file of an unlearned model is"
        raise FairforgetError(f"--method names one row, and {several} given; import them one by one")
    if args.seed < 0 or args.group < 1:
        raise FairforgetError("--seed is 0, 1, … and --group is 1, 2, …")
    if args.strata and args.whole:
        raise FairforgetError("--strata sorts authors and --whole takes them together; give one of the two")
    settings = Settings(None if args.whole else args.group, args.strata, args.target, args.seed)
    found = list(records(_sources(args), settings))
    for record in found:
        write_record(args.out / CELLS, record)
    rows = len({record.cell["method"]["name"] for record in found})
    print(printable(f"{plural(len(found), 'cell')} of {plural(rows, 'row')} in {args.out}"))
    print(printable(f"next: fairforget board {args.out}"))
    return 0


def _sources(args: argparse.Namespace) -> list[Source]:
    from fairforget.errors import FairforgetError
    from fairforget.importers.cells import Source
    from fairforget.importers.open_unlearning import read_open_unlearning
    from fairforget.importers.tofu_log import read_tofu_log

    read = read_tofu_log if args.form == "tofu-log" else read_open_unlearning
    logs = [read(path) for path in args.paths]
    sources = [Source(log, _label(args.method or log.name)) for log in logs]
    labels = [source.label for source in sources]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise FairforgetError(f"two files are called {twice!r}; import them one by one with --method NAME")
    if args.untouched is not None:
        sources.append(Source(read(args.untouched), "untouched", "untouched"))
    if args.retain is not None:
        sources.append(Source(read(args.retain), "retrain", "oracle"))
    return sources


def _label(name: str) -> str:
    from fairforget.errors import FairforgetError

    if not name.strip() or len(name) > 100 or not name.isprintable() or "/" in name:
        raise FairforgetError(f"{name[:60]!r} is no name for a row; give another with --method NAME")
    return name
