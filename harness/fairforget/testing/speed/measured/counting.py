"""What happens while a piece of code runs, as exact numbers: they are the same on every machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

_WRITING = os.O_WRONLY | os.O_RDWR


class Ear:
    """Hears the interpreter's audit events while it is open. Such a hook cannot be taken out again, so it is one."""

    def __init__(self) -> None:
        self._into: Counter[str] | None = None
        self._within: Path | None = None
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def open(self, into: Counter[str], within: Path | None) -> Iterator[None]:
        """Count into `into`; files only below the folder `within`."""
        self._into, self._within = into, within and within.resolve()
        try:
            yield
        finally:
            self._into = None

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        into = self._into
        if into is None:
            return
        if event == "open" and self._is_within(args[0]):
            into["files written" if args[2] & _WRITING else "files read"] += 1
        elif event == "os.rename" and self._is_within(args[1]):
            into["files renamed"] += 1
        elif event in {"os.scandir", "os.listdir"} and self._is_within(args[0]):
            into["folders listed"] += 1
        elif event == "subprocess.Popen":
            into["processes"] += 1

    def _is_within(self, path: Any) -> bool:
        if self._within is None or not isinstance(path, (str, bytes, os.PathLike)):
            return False  # a descriptor has no path
        return Path(os.fsdecode(path)).resolve().is_relative_to(self._within)


@contextlib.contextmanager
def statements(into: Counter[str]) -> Iterator[None]:
    """Count the statements of SQL that connections made meanwhile run, one for every row that is written."""
    import sqlite3

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*args, **kwargs)
        connection.set_trace_callback(lambda _: into.update(["statements of SQL"]))
        return connection

    real = sqlite3.connect
    with mock.patch.object(sqlite3, "connect", connect):
        yield


@contextlib.contextmanager
def hook_calls(into: Counter[str]) -> Iterator[None]:
    """Count the calls of hooks of every pluggy manager that is made meanwhile."""
    import pluggy

    class Watched(pluggy.PluginManager):
        def __init__(self, project_name: str) -> None:
            super().__init__(project_name)
            self.add_hookcall_monitoring(lambda *_: into.update(["hook calls"]), lambda *_: None)

    with mock.patch.object(pluggy, "PluginManager", Watched):
        yield


@contextlib.contextmanager
def passes(into: Counter[str]) -> Iterator[None]:
    """Count passes through whole language models, runs of autograd and steps of optimizers."""
    import torch
    from torch.optim import optimizer

    depth = 0

    def enter(module: Any, *_: Any) -> None:
        nonlocal depth
        if hasattr(module, "get_input_embeddings"):  # a model of transformers; it may hold another
            into["forward passes"] += depth == 0
            depth += 1

    def leave(module: Any, *_: Any) -> None:
        nonlocal depth
        depth -= hasattr(module, "get_input_embeddings")

    def counted(name: str, function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            into[name] += 1
            return function(*args, **kwargs)

        return call

    handles = [
        torch.nn.modules.module.register_module_forward_pre_hook(enter),
        torch.nn.modules.module.register_module_forward_hook(leave, always_call=True),
        optimizer.register_optimizer_step_post_hook(lambda *_: into.update(["steps"])),
    ]
    backward, grad = torch.autograd.backward, torch.autograd.grad
    try:
        with (
            mock.patch.object(torch.autograd, "backward", counted("backward passes", backward)),
            mock.patch.object(torch.autograd, "grad", counted("backward passes", grad)),
        ):
            yield
    finally:
        for handle in handles:
            handle.remove()
