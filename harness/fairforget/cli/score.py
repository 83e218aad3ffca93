"""``fairforget score TASK --by NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairforget.cli.output import add_json, add_plugin, discover, print_json, print_table, warn_of_problems

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("task", metavar="TASK", help="a task from 'fairforget plugins list --kind task'")
    parser.add_argument("--by", required=True, metavar="NAME", help="a difficulty, for example mrd")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the task (task.people=20), the difficulty (by.sigma=0.01) or the model (model.path=…)",
    )
    parser.add_argument("--model", metavar="PATH", help="hub id or folder of the base model, where not the task's own")
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the difficulty of every sample of a task's pool."""
    from fairforget.run.scoring import score_task

    registry = discover(args)
    warn_of_problems(registry)
    found = score_task(registry, args.task, args.by, args.set, model=args.model)
    if args.json:
        print_json(found)
        return 0
    errors = found["stderr"] or [None] * len(found["values"])
    rows = [
        [name, _number(value), _number(error)]
        for name, value, error in sorted(
            zip(found["ids"], found["values"], errors, strict=True), key=lambda row: (row[1] is None, row[1])
        )
    ]
    print_table(["sample", args.by, "standard error"], rows)
    unscored = sum(value is None for value in found["values"])
    print(f"\nhigher is {found['higher_is']}; {len(rows)} samples, {unscored} without a score")
    if found["reliability"] is not None:
        print(f"split-half reliability {found['reliability']:.3f}")
    passes = found["ledger"]
    print(f"cost: {passes['forward_sequences']} forward and {passes['backward_sequences']} backward sequences")
    return 0


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4g}"
