"""The fixtures ``speed`` and ``counts``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .clock import processor_seconds
from .counting import Ear
from .counts import Counts
from .timing import Speed

ONLY = "FAIRFORGET_SPEED_ONLY"
"""``speed`` or ``counts``: a gate runs one kind of tests in a process."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Time benchmarks of the fixture ``speed`` by the processor's clock; leave out what a gate did not ask for."""
    for item in items:
        if {"speed", "benchmark"} <= set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.benchmark(timer=processor_seconds))
    only = os.environ.get(ONLY)
    if only is not None:
        left = [item for item in items if only not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.fixture
def speed(benchmark: Any) -> Speed:
    """Measure a piece of work beside a control: ``speed(work, control="interpreter")``."""
    return Speed(benchmark)


@pytest.fixture(scope="session")
def _ear() -> Ear:
    return Ear()


@pytest.fixture
def counts(request: Any, _ear: Ear) -> Counts:
    """Count what happens, exactly, and compare with what was committed in ``counts.json`` beside the test."""
    return Counts(Path(request.path).with_name("counts.json"), _ear)
