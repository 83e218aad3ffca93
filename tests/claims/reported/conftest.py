"""A claim for every statistic, judged, read and reported; read it, do not change it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from fairforget.claims.outcome_file import read_outcomes, write_outcomes
from fairforget.claims.report.html import render_html
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.registry import Registry

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))
CLAIMS = world["CLAIMS"]


@pytest.fixture(scope="session")
def known():
    return Registry.discover([])


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the outcomes of one claim for every statistic, and their files."""
    out = tmp_path_factory.mktemp("claims")
    for claim in CLAIMS:
        (out / f"{claim}.yaml").write_text(world["claim_file"](claim))
    write_outcomes(out, [world["outcome"](claim) for claim in CLAIMS])
    return out


@pytest.fixture(scope="session")
def claims(folder, known):
    return told(read_outcomes(folder), known, [folder / f"{claim}.yaml" for claim in CLAIMS])


@pytest.fixture(scope="session")
def made(claims, known):
    return report(claims, known)


@pytest.fixture(scope="session")
def page(made):
    return render_html(made)
