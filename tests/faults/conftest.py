"""The server of runs, started once, and what undisturbed runs are like."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

RIG = Path(__file__).parent / "faultrig"


@pytest.fixture(scope="session")
def rig():
    """The modules of the rig, which stand in no package."""
    sys.path.insert(0, str(RIG))
    try:
        import case
        import client
        import looks
    finally:
        sys.path.remove(str(RIG))
    return {"case": case, "client": client, "looks": looks}


@pytest.fixture(scope="session")
def server(rig):
    with rig["client"].Server() as running:
        yield running


@pytest.fixture(scope="session")
def references(rig, server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    studies = rig["client"].STUDIES
    return {study: rig["case"].reference_of(server, study, folder / study) for study in studies}
