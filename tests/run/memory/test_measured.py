"""The estimate beside what the system counts of real cells, each in a fresh process; `docs/explanation/memory.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

WITHIN = 1.3
"""Factor that the page names."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak of a process"),
]


@pytest.fixture(scope="module")
def models(measuring: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    sizes = {size.name: size for size in (measuring.Size("small", 256, 4), measuring.Size("large", 896, 8))}
    for size in sizes.values():
        measuring.make_model(size, folder / size.name)
    return {name: folder / name for name in sizes}


@pytest.mark.parametrize(
    ("size", "case"),
    [
        ("small", "grad-diff, AdamW"),
        ("large", "npo, AdamW"),
        ("large", "grad-diff, LoRA"),
        ("large", "untouched, scored by mrd"),
    ],
)
def test_the_estimate_is_near_and_what_is_refused_could_not_have_run(
    measuring: Any, models: dict[str, Path], tmp_path: Path, size: str, case: str
) -> None:
    (chosen,) = (one for one in measuring.CASES if one.name == case)
    found = measuring.alone(measuring.measure, chosen, models[size], tmp_path)
    assert found.resident / WITHIN < found.estimated < found.resident * WITHIN
    # Looked at now and then, so that the true peak is no less.
    assert found.least <= found.anonymous
    if size == "large":
        assert found.resident > 2 * measuring.weights(models[size]) + (300 << 20)
