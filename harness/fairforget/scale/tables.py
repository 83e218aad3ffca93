"""The tables of docs/explanation/scale.md that are computed and not measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from fairforget.run.memory.architectures import tensors_of_config
from fairforget.run.memory.model_size import ModelSize
from fairforget.run.memory.need import Work, need_of
from fairforget.scale.disk import files_of_run, weights_bytes
from fairforget.scale.flops import forward
from fairforget.scale.machines import H100, decoding_seconds, seconds
from fairforget.scale.measured import FIRST_BOARD, NEXT_BOARD, PLANNING, RECORD, RESUMING, Line
from fairforget.scale.shapes import LADDER, Shape, config_of
from fairforget.scale.studies import YARDSTICK, step_flops, study_flops
from fairforget.scale.words import duration, si, table

_LONG: Final = 2_048
"""Tokens of a long text."""
_ROWS: Final = 8
"""Texts to forget in a batch."""
_BATCH: Final = 50
"""Answers that are decoded side by side."""


def models() -> str:
    """Return the models, with FLOPs of a forward pass a token and the share of attention."""
    rows = []
    for shape in LADDER:
        short, long = (forward(shape, 1, width) for width in (YARDSTICK.tokens, _LONG))
        attention = [4 * w * w * shape.layers * shape.attended for w in (YARDSTICK.tokens, _LONG)]
        rows.append(
            [
                shape.name,
                f"{shape.parameters / 1e6:,.1f} M",
                f"{shape.layers} × {shape.hidden:,}",
                f"{shape.vocabulary:,}",
                si(short / YARDSTICK.tokens, "FLOP"),
                f"{attention[0] / short:.1%}",
                f"{attention[1] / long:.0%}",
            ]
        )
    return table(
        [
            "model", "weights", "layers × width", "vocabulary", "forward, a token", "of it attention",
            f"of it attention in texts of {_LONG:,}",
        ],
        rows,
    )  # fmt: skip


def steps() -> str:
    """Return what each step costs once, for the yardstick."""
    rows = []
    for shape in LADDER:
        each = step_flops(shape, YARDSTICK)
        costs = (each.target, each.scoring, each.oracle, each.updates, each.reference, each.evaluation, each.answers)
        rows.append([shape.name, *(si(cost, "FLOP") for cost in costs)])
    return table(
        ["model", "target", "scoring", "an oracle", "a cell: updates", "reference", "evaluation", "answers"], rows
    )


def whole() -> str:
    """Return what the yardstick costs in all, by step."""
    rows = []
    for shape in LADDER:
        found = study_flops(shape, YARDSTICK)
        total = sum(found.values())
        rows.append([shape.name, si(total, "FLOP"), *(f"{cost / total:.0%}" for cost in found.values())])
    return table(["model", "the whole study", *study_flops(LADDER[0], YARDSTICK)], rows)


def hours() -> str:
    """Return device time of the yardstick on one kind of accelerator, computed from its data sheet."""
    rows = []
    for shape in LADDER[1:]:
        single, half = (_device_seconds(shape, rate, element) for rate, element in ((H100.single, 4), (H100.half, 2)))
        scoring = seconds(step_flops(shape, YARDSTICK).scoring, H100.single)
        oracle = seconds(step_flops(shape, YARDSTICK).oracle, H100.single)
        rows.append([shape.name, duration(scoring), duration(oracle), duration(single), duration(half)])
    return table(
        ["model", "scoring, float32", "an oracle, float32", "the whole study, float32", "the same, bfloat16"], rows
    )


def _device_seconds(shape: Shape, rate: float, element: int) -> float:
    """Return seconds of one device's work, or of several that share it without loss."""
    passes = sum(study_flops(shape, replace(YARDSTICK, answers=0)).values())
    steps = YARDSTICK.cells * YARDSTICK.new * -(-YARDSTICK.answers // _BATCH)
    decoding = decoding_seconds(weights_bytes(shape, element), steps, H100.bandwidth)
    return seconds(passes, rate) + decoding


def disk() -> str:
    """Return the bytes that targets and oracles take."""
    rows = []
    for shape in LADDER:
        each = weights_bytes(shape)
        rows.append([shape.name, si(each, "B"), si((1 + YARDSTICK.sets) * each, "B"), si(401 * each, "B")])
    return table(["model", "a target, or an oracle", f"with {YARDSTICK.sets} oracles", "with 400 oracles"], rows)


def memory() -> str:
    """Return what a process holds while it scores and while it unlearns, as ``--dry-run`` foresees it."""
    rows = []
    for shape in LADDER:
        size = ModelSize(tensors_of_config(config_of(shape)) or (), 4)
        texts = _ROWS * (1 + YARDSTICK.beside)

        def need(optimizer: str, size: ModelSize = size, texts: int = texts, **more: Any) -> str:
            checkpointing = bool(more.pop("checkpointing", False))
            work = Work("", {"name": optimizer, **more}, texts, YARDSTICK.tokens, checkpointing, True)
            return si(need_of(size, work).likely, "B")

        adapter = {"r": 16, "target_modules": "all-linear"}
        rows.append(
            [
                shape.name,
                si(size.weights, "B"),
                si(2 * size.weights, "B"),
                need("sgd"),
                need("adamw"),
                need("adamw", checkpointing=True),
                need("adamw", adapter=adapter),
            ]
        )
    head = ["model", "weights", "scoring by `mrd`", "an update by `sgd`", "by `adamw`", "with checkpoints", "with LoRA"]
    return table(head, rows)


def cells() -> str:
    """Return what numbers of cells cost, by the lines of `fairforget.scale.measured`; what is prolonged is slanted."""
    head = ["cells", "files", "records", "plan", "its memory", "resume", "first board", "next board", "its memory"]
    return table(head, [_of_cells(count) for count in (100, 1_000, 10_000, 100_000, 1_000_000)])


def _of_cells(count: int) -> list[str]:
    def slanted(line: Line, shown: str) -> str:
        return f"*{shown}*" if count > line.until else shown

    times = [slanted(line, duration(line.seconds(count))) for line in (PLANNING, RESUMING, FIRST_BOARD, NEXT_BOARD)]
    planned, made = (slanted(line, si(line.bytes(count), "B")) for line in (PLANNING, FIRST_BOARD))
    size = si(count * RECORD, "B")
    return [f"{count:,}", f"{files_of_run(count):,}", size, times[0], planned, *times[1:], made]


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "models": models,
    "steps": steps,
    "whole": whole,
    "hours": hours,
    "disk": disk,
    "memory": memory,
    "cells": cells,
}
"""By the name that stands in the page's markers."""
