"""A model whose passes are counted, and the ledger that counts them."""

from __future__ import annotations

from typing import Any

import pytest

from fairforget.run.counting.ledger import Ledger

from .passes import llama


@pytest.fixture
def model() -> Any:
    return llama()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()
