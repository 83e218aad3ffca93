"""The engine submitit on its local executor and on a Slurm of one machine."""

from __future__ import annotations

import pytest

from fairforget_engines.submitit import Submitit


@pytest.fixture(scope="session", autouse=True)
def _submitit():
    pytest.importorskip("submitit", reason="needs submitit, the extra 'submitit' of fairforget")


@pytest.fixture(params=["local", "slurm"])
def engine(request):
    if request.param == "slurm":
        request.getfixturevalue("slurm")

    def made(**options):
        return Submitit(**{"cluster": request.param, "workers": 4, "poll_seconds": 0.05, **options})

    return made
