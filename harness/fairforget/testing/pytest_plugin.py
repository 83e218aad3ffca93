"""Fixtures for everybody's tests: a tiny target, a tiny task, and a cell that runs. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

pytest_plugins = ["fairforget.testing.quality_plugin", "fairforget.testing.speed.measured.fixtures"]

if TYPE_CHECKING:
    from fairforget.api import Task
    from fairforget.run.targets.target import Target
    from fairforget.testing.cells import CellRun


@pytest.fixture(scope="session")
def tiny_target() -> Target:
    """A Llama of less than 300,000 parameters that knows the tiny task, with its tokenizer and ``encode``.

    Made once, and kept in the cache folder (``FAIRFORGET_CACHE``). The tests of a session share it: copy the model
    before changing it.
    """
    from fairforget.registry import Registry
    from fairforget.testing.lab import Lab
    from fairforget.testing.registry import KitRegistry

    return Lab(KitRegistry(Registry.discover())).bench("llama", "ragged").target


@pytest.fixture
def tiny_task() -> Task:
    """The task that the tiny target knows: 16 samples in 8 groups to forget, ragged lengths, retain, holdout."""
    from fairforget.testing.tiny import TinyTask

    return TinyTask()


@pytest.fixture
def run_cell() -> Callable[..., CellRun]:
    """Run one cell of the tiny task, ``run_cell(Sleepy, samples=1).scores``: `fairforget.testing.cells.run_cell`."""
    from fairforget.testing.cells import run_cell as run

    return run
