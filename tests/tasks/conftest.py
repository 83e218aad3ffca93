from __future__ import annotations

import pytest

from fairforget_tasks.biographies import Biographies


@pytest.fixture(scope="session")
def corpus():
    return Biographies().corpus()
