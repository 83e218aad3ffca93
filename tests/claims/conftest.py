"""What the tests of claims share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from .planted import paired_records


@pytest.fixture(scope="session")
def world():
    """``claim_world.py``: the folders of tests are no packages."""
    spec = importlib.util.spec_from_file_location("claim_world", Path(__file__).parent / "claim_world.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["claim_world"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def planted():
    """``planted/paired_records.py``: records of cells that were never run."""
    return paired_records


@pytest.fixture(scope="session")
def by_hand(world, tmp_path_factory):
    """A folder in which a claim on two targets was run, with score sets; read it, do not change it."""
    from fairforget.claims.run import run_claims
    from fairforget.run.watcher import Silent

    out = tmp_path_factory.mktemp("claims")
    claim = world.claim(scores=(world.scores("length"), world.scores("mrd-monte-carlo", seeds=2, draws=4)))
    (planned,) = world.planned(claim)
    ran = run_claims([planned], world.registry(), out, watcher=Silent())
    return planned, out, ran
