"""The fixture ``quality``, its options, and what they report. Importing this imports no torch and no numpy."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from fairforget.testing.quality import Judgement, Quality

_PROPERTY: Final = "fairforget-quality"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare ``--quality-update`` and what goes with it."""
    group = parser.getgroup("fairforget", "quality gates of fairforget")
    group.addoption("--quality-update", action="store_true", help="write the baselines of quality gates anew")
    group.addoption(
        "--quality-report", metavar="FILE", help="append the table of all quality gates to FILE, as Markdown"
    )
    parser.addini("quality_baselines", "folder of the baselines; default: baselines/ beside each test", default="")


@pytest.fixture
def quality(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Quality:
    """Compare a method with its committed baseline, ``quality("sleepy")``: `fairforget.testing.quality.Quality`."""
    from fairforget.testing.quality import Quality, QualityImproved

    # A gain stays a warning where warnings are errors: no build is to break because something got better. pytest puts
    # the filters back after each test.
    warnings.filterwarnings("always", category=QualityImproved)

    def tell(found: Sequence[Judgement]) -> None:
        # A property of the test: the one thing that also comes back from the workers of pytest-xdist.
        request.node.user_properties += [(_PROPERTY, _packed(judged)) for judged in found]

    def folder() -> Path:
        return tmp_path_factory.mktemp("quality")

    return Quality(_baselines(request), folder, update=request.config.getoption("--quality-update"), tell=tell)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show every gate in a line, and write the report."""
    reports = (r for found in terminalreporter.stats.values() for r in found if isinstance(r, pytest.TestReport))
    packed = [str(value) for r in reports if r.when == "call" for name, value in r.user_properties if name == _PROPERTY]
    if not packed:
        return
    from fairforget.testing.quality.words import line, markdown

    judged = sorted(map(_unpacked, packed), key=lambda j: (j.name, j.role))
    terminalreporter.section("quality")
    for one in judged:
        terminalreporter.line(line(one))
    if report := config.getoption("--quality-report"):
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(markdown(judged))


def _baselines(request: pytest.FixtureRequest) -> Path:
    named = str(request.config.getini("quality_baselines"))
    return request.config.rootpath / named if named else request.path.parent / "baselines"


def _packed(found: Judgement) -> str:
    kept = ("name", "role", "verdict", "margin", "base", "head", "low", "high")
    return json.dumps({name: getattr(found, name) for name in kept})


def _unpacked(text: str) -> Judgement:
    from fairforget.testing.quality import Judgement

    return Judgement(**json.loads(text))
