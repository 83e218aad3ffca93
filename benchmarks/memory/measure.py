"""What cells take of memory, beside what is estimated before they run.

``python benchmarks/memory/measure.py`` prints the table of docs/explanation/memory.md: each row is a study of one cell
in a process of its own, with two of the system's figures: the peaks of what is resident and of what no file backs.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairforget.api import PluginSpec

os.environ.setdefault("OMP_NUM_THREADS", "1")
PLUGIN = Path(__file__).with_name("measured_task.py")
MIB = 1 << 20
MRD = {"name": "mrd", "max_forwards": 5}
BINNED = {"name": "binned", "by": MRD, "bins": 2, "match": "none", "min_reliability": 0}
ADAMW = {"name": "adamw", "lr": 1e-5, "batch_size": 4}


@dataclass(frozen=True)
class Size:
    """Of a model."""

    name: str
    width: int
    blocks: int


@dataclass(frozen=True)
class Case:
    """A study of one cell."""

    name: str
    method: Any
    optimizer: Mapping[str, Any] = field(default_factory=lambda: ADAMW)
    model: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    curriculum: Any = "uniform"
    sampler: Any = "random"


@dataclass(frozen=True)
class Found:
    """Bytes."""

    estimated: float
    least: float
    resident: int
    anonymous: int


SIZES = (Size("17 M", 384, 6), Size("92 M", 896, 8))
CASES = (
    Case("untouched", "untouched"),
    Case("untouched, scored by mrd", "untouched", sampler=BINNED),
    Case("grad-diff, AdamW", "grad-diff"),
    Case("grad-diff, SGD", "grad-diff", {**ADAMW, "name": "sgd"}),
    Case("grad-diff, LoRA", "grad-diff", {**ADAMW, "adapter": {"r": 8}}),
    Case("npo, AdamW", "npo"),
    Case("kl-min, AdamW", "kl-min"),
    Case("task-vector, AdamW", "task-vector"),
    Case("grad-diff, AdamW, mrd-weighted", "grad-diff", curriculum={"name": "mrd-weighted", "by": MRD}),
    Case("grad-diff, AdamW, bfloat16", "grad-diff", task={"dtype": "bfloat16"}),
    Case("grad-diff, SGD, texts of 400 words", "grad-diff", {**ADAMW, "name": "sgd"}, task={"words": 400}),
    Case(
        "the same, gradient checkpointing", "grad-diff", {**ADAMW, "name": "sgd"}, {"gradient_checkpointing": True},
        {"words": 400},
    ),
    Case(
        "the same, micro_batch_size 1", "grad-diff", {**ADAMW, "name": "sgd", "micro_batch_size": 1},
        task={"words": 400},
    ),
)  # fmt: skip


def make_model(size: Size, folder: Path) -> None:
    """Write a Llama of random weights and a tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from fairforget.api import Template
    from fairforget.lm.models import save_model
    from fairforget.lm.scratch import train_tokenizer
    from fairforget.registry import Registry
    from fairforget.study.options import build

    task = build(Registry.discover([PLUGIN]), "task", PluginSpec("measured", {"base": str(folder)})).plugin
    tokenizer = train_tokenizer(task.corpus(), Template(), 400)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=8192,
        hidden_size=size.width,
        intermediate_size=8 * size.width // 3,
        num_hidden_layers=size.blocks,
        num_attention_heads=size.width // 64,
        max_position_embeddings=1024,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    save_model(LlamaForCausalLM(config), tokenizer, folder)


def weights(folder: Path) -> int:
    """Return the bytes of a model's weights."""
    return (folder / "model.safetensors").stat().st_size


def study_of(case: Case, model: Path) -> dict[str, Any]:
    """Return a study of one cell."""
    return {
        "name": "measured",
        "task": {"name": "measured", "base": str(model), **case.task},
        "model": dict(case.model),
        "samplers": [case.sampler],
        "draws": 1,
        "forget_size": 4,
        "methods": [case.method],
        "curricula": [case.curriculum],
        "budget": {"updates": 2},
        "optimizer": dict(case.optimizer),
        "engine": "inline",
    }


def measure(case: Case, model: Path, folder: Path) -> Found:
    """Run a study in this process; say what it takes."""
    import yaml

    from fairforget.registry import Registry
    from fairforget.run.memory.forecast import forecast_memory
    from fairforget.run.study import run_study
    from fairforget.run.targets.identity import target_identity
    from fairforget.run.targets.recipe import recipe_for
    from fairforget.run.watcher import Silent
    from fairforget.study.load import parse_study
    from fairforget.study.options import build
    from fairforget.study.planning import make_plan

    registry = Registry.discover([PLUGIN])
    opened = parse_study(yaml.safe_dump(study_of(case, model)))
    plan = make_plan(opened.study, registry, opened.places)
    engine = build(registry, "engine", PluginSpec("inline"))
    recipe, seed = recipe_for(plan.task.plugin, plan.study.model_json())
    corpus = plan.task.plugin.corpus()
    target = target_identity(recipe, corpus, seed)
    expected = forecast_memory(plan, engine.plugin, recipe, corpus, target, folder / "cache")
    with anonymous() as peak:
        done = run_study(
            plan, registry, folder / "out", engine=engine, cache=folder / "cache", watcher=Silent(), retry_failed=False
        )
    if done.failed or done.lost:
        raise SystemExit(next((folder / "out" / "cells").glob("*.json")).read_text())
    return Found(expected.process, expected.least(1), status("VmHWM"), peak[0])


def status(key: str) -> int:
    """Return what the system says of this process, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


@contextmanager
def anonymous() -> Iterator[list[int]]:
    """Look at what no file backs every few milliseconds while inside; the list has the most."""
    most, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.004):
            most[0] = max(most[0], status("RssAnon"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def alone(call: Callable[..., Any], *args: Any) -> Any:
    """Return what a call returns in a fresh process."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *args).result()


def rows(sizes: Iterable[Size], cases: Sequence[Case]) -> Iterator[tuple[str, str, Found]]:
    """Yield size, case and what was found."""
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            model = Path(scratch) / size.name.replace(" ", "")
            alone(make_model, size, model)
            for i, case in enumerate(cases):
                yield size.name, case.name, alone(measure, case, model, Path(scratch) / f"{size.width}-{i}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="", help="only the cases whose name has this in it")
    parser.add_argument("--size", default="", help="only the models whose name has this in it")
    args = parser.parse_args()
    cases = [case for case in CASES if args.case in case.name]
    sizes = [size for size in SIZES if args.size in size.name]
    print("| model | cell | estimated | resident | ratio | not backed by files | cannot be below |")
    print("|---|---|---|---|---|---|---|")
    for size, case, found in rows(sizes, cases):
        ratio = found.estimated / found.resident
        mib = [f"{number / MIB:,.0f}" for number in (found.estimated, found.resident, found.anonymous, found.least)]
        print(f"| {size} | {case} | {mib[0]} | {mib[1]} | {ratio:.2f} | {mib[2]} | {mib[3]} |", flush=True)


if __name__ == "__main__":
    main()
