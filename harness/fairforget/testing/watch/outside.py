"""The state of a process that a plugin shares with everybody: random generators, settings, what was printed."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

_OF_COMPILERS: Final = ("TORCHINDUCTOR_", "TRITON_")
"""Variables that torch's compiler sets when it is first imported."""


_CUDNN: Final = ("enabled", "benchmark", "deterministic")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def generators() -> dict[str, Any]:
    """Return the states of the global random generators, comparable."""
    of_numpy: Any = np.random.get_state()  # noqa: NPY002 - the global one is what plugins may disturb
    return {
        "python": random.getstate(),
        "numpy": (of_numpy[0], tuple(of_numpy[1].tolist()), *of_numpy[2:]),
        "torch": bytes(torch.get_rng_state().numpy()),
    }


def settings() -> dict[str, Any]:
    """Return the settings of the process that a computation depends on."""
    return {
        "torch threads": torch.get_num_threads(),
        "torch's default dtype": torch.get_default_dtype(),
        "torch's grad mode": torch.is_grad_enabled(),
        "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "torch's anomaly detection": torch.is_anomaly_enabled(),
        "torch's matmul precision": torch.get_float32_matmul_precision(),
        "torch's default device": str(torch.get_default_device()),
        "torch's cudnn flags": tuple(getattr(torch.backends.cudnn, name) for name in _CUDNN),
        "numpy's error handling": tuple(np.geterr().items()),
        "the level below which logging is disabled": logging.root.manager.disable,
        "signal handlers": tuple(signal.getsignal(one) for one in _SIGNALS),
        "garbage collection": gc.isenabled(),
        "the recursion limit": sys.getrecursionlimit(),
        "standard error": sys.stderr,
        "the working folder": str(Path.cwd()),
        "environment variables": tuple(sorted(i for i in os.environ.items() if not i[0].startswith(_OF_COMPILERS))),
        "sys.path": tuple(sys.path),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names whose values differ."""
    return [name for name, value in before.items() if after[name] != value]


def restore(before: dict[str, Any]) -> None:
    """Put back what `settings` returned, so that one check disturbs no other."""
    put: dict[str, Callable[[Any], Any]] = {
        "torch threads": torch.set_num_threads,
        "torch's default dtype": torch.set_default_dtype,
        "torch's grad mode": torch.set_grad_enabled,
        "torch's deterministic algorithms": torch.use_deterministic_algorithms,
        "torch's anomaly detection": torch.autograd.set_detect_anomaly,
        "torch's matmul precision": torch.set_float32_matmul_precision,
        "torch's default device": torch.set_default_device,
        "torch's cudnn flags": _cudnn,
        "numpy's error handling": lambda wanted: np.seterr(**dict(wanted)),
        "the level below which logging is disabled": logging.disable,
        "signal handlers": _handlers,
        "garbage collection": lambda wanted: gc.enable() if wanted else gc.disable(),
        "the recursion limit": sys.setrecursionlimit,
        "standard error": lambda wanted: setattr(sys, "stderr", wanted),
        "the working folder": os.chdir,
        "environment variables": _environment,
        "sys.path": _path,
    }
    for name in changed(before, settings()):
        put[name](before[name])


def _environment(wanted: tuple[tuple[str, str], ...]) -> None:
    for name in [n for n in set(os.environ) - set(dict(wanted)) if not n.startswith(_OF_COMPILERS)]:
        del os.environ[name]
    os.environ.update(dict(wanted))


def _path(wanted: tuple[str, ...]) -> None:
    sys.path[:] = wanted


def _cudnn(wanted: tuple[bool, ...]) -> None:
    for name, value in zip(_CUDNN, wanted, strict=True):
        setattr(torch.backends.cudnn, name, value)


def _handlers(wanted: tuple[Any, ...]) -> None:
    with contextlib.suppress(ValueError, TypeError):  # only the main thread may, and not where C code set one
        for one, handler in zip(_SIGNALS, wanted, strict=True):
            signal.signal(one, handler)


@dataclass
class Printed:
    """What came out."""

    text: str = ""


@contextlib.contextmanager
def printing() -> Iterator[Printed]:
    """Take what is written to standard output while inside, by Python or by anything below it."""
    found = Printed()
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(tempfile.TemporaryFile("w+b"))
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        saved = os.dup(1)
        os.dup2(kept.fileno(), 1)
        python = io.StringIO()
        try:
            with contextlib.redirect_stdout(python):
                yield found
        finally:
            os.dup2(saved, 1)
            os.close(saved)
            kept.seek(0)
            found.text = python.getvalue() + kept.read().decode(errors="replace")


@contextlib.contextmanager
def empty_folders() -> Iterator[tuple[Path, Path]]:
    """Stand in an empty working folder, with an empty folder for temporary files; both go away."""
    with tempfile.TemporaryDirectory(prefix="fairforget-check-") as made:
        here, temporary = Path(made).resolve() / "here", Path(made).resolve() / "temporary"
        here.mkdir()
        temporary.mkdir()
        before, default = Path.cwd(), tempfile.tempdir
        variable = os.environ.get("TMPDIR")
        os.chdir(here)
        tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
        try:
            yield here, temporary
        finally:
            os.chdir(before)
            tempfile.tempdir = default
            if variable is None:
                os.environ.pop("TMPDIR", None)
            else:
                os.environ["TMPDIR"] = variable
