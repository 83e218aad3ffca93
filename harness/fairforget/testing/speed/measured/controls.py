"""Fixed pieces of work that benchmarks are measured beside: they never change, so what changes them is the machine.

Each takes some tens of milliseconds on a machine of today. Editing one makes no two results wrong: both versions are
measured beside the same control in the same job.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def interpreter() -> None:
    """Do what programs of plain Python do: make, sort, look up, format, serialise."""
    for i in range(80):
        rows = [{"name": f"row {(j * 7919 + i) % 1009}", "value": j / 7, "tags": ["a", str(j)]} for j in range(150)]
        table = {row["name"]: row for row in sorted(rows, key=lambda row: str(row["name"]))}
        json.loads(json.dumps([table[name] for name in table]))


def files() -> None:
    """Write small files and read them again."""
    with tempfile.TemporaryDirectory() as folder:
        content = json.dumps(list(range(4000)))
        for i in range(100):
            Path(folder, f"{i}.part").write_text(content, encoding="utf-8")
            Path(folder, f"{i}.part").replace(Path(folder, f"{i}.json"))
        for path in sorted(Path(folder).iterdir()):
            json.loads(path.read_text(encoding="utf-8"))


def process() -> None:
    """Start an interpreter that imports a part of the standard library."""
    code = "import argparse, dataclasses, importlib.metadata, json, logging, pathlib, subprocess, typing"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def tensors() -> None:
    """Train a little network as small models are trained: many small operations, forward and backward."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [(torch.randn(64, 64) / 8).requires_grad_() for _ in range(6)]
        x = torch.randn(8, 24, 64)
    for _ in range(16):
        h = x
        for weight in layers:
            h = torch.nn.functional.layer_norm(h, (64,))
            h = h + torch.softmax(h @ h.transpose(-1, -2) / 8, -1) @ torch.nn.functional.silu(h @ weight)
        for weight, gradient in zip(layers, torch.autograd.grad(h.square().mean(), layers), strict=True):
            weight.data.sub_(gradient, alpha=1e-3)


CONTROLS: dict[str, Callable[[], Any]] = {
    "interpreter": interpreter,
    "files": files,
    "process": process,
    "tensors": tensors,
}
"""By name, as `fixtures.speed` takes them."""
