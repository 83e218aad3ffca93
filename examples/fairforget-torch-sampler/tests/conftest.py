"""No network, one thread, and a cache of the session's own."""

from __future__ import annotations

import os

import pytest

os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    os.environ["FAIRFORGET_CACHE"] = str(tmp_path_factory.mktemp("cache"))
