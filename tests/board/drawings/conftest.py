"""One table to draw; read it, do not change it."""

from __future__ import annotations

import pytest

from fairforget.board.table import build


@pytest.fixture(scope="session")
def table(factory):
    return build(factory.read(factory.make_study())).tables[0]
