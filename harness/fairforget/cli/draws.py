"""``fairforget draws STUDY --out DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.cli.log import add_log, open_log, tell_problems
from fairforget.cli.output import add_json, add_plugin, discover, print_json, print_table
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.draws.values import Exported


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("study", metavar="STUDY", help="a study file, or a name from 'fairforget studies'")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="where manifest.json and draws/*.jsonl go"
    )
    parser.add_argument("--engine", metavar="NAME[:N]", help="where the target is made; default: the study's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the study, for example draws=3; may be given several times",
    )
    add_log(parser)
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Write every draw of a study."""
    from fairforget.draws.export import export_study

    settings = [*([f"engine={args.engine}"] if args.engine else []), *args.set]
    with open_log(args.log) as log:
        registry = discover(args)
        tell_problems(log, registry)
        log.opened({"command": "draws", "folder": str(args.out.absolute())})
        made = export_study(args.study, registry, args.out, settings=settings, watcher=log)
        log.closed({"files": [str(made.folder / "manifest.json")]})
    if args.json:
        print_json(made.manifest)
    else:
        _show(made)
    return 0


def _show(made: Exported) -> None:
    rows = [
        [file.stratum, str(file.index), str(file.forget), str(file.retain), file.digest[:12], str(file.path)]
        for file in made.files
    ]
    print_table(["stratum", "draw", "forget", "retain", "digest", "file"], rows)
    print()
    print(printable(f"target: {made.manifest['target']['path']}"))
    print(printable(f"manifest: {made.folder / 'manifest.json'}"))
    print("the method 'checkpoint' measures the models that come back, one folder a draw")
