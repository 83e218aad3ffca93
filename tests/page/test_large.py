from __future__ import annotations

import numpy as np
import pytest

from fairforget.board.forms.html import render_html
from fairforget.board.table import build


@pytest.mark.slow
def test_fifty_rows_stay_usable(factory, visit):
    rng = np.random.default_rng(1)
    methods = {f"method-{i}": tuple(rng.uniform(0.3, 0.9, 2)) for i in range(25)}
    board = build(factory.read(factory.make_study(draws=31, seeds=1, oracle_draws=3, methods=methods)))
    assert len(board.tables[0].competing) == 50
    assert len(render_html(board)) < 2_000_000
    at = visit(board)
    assert at.page.evaluate("document.querySelectorAll('*').length") < 30_000
    assert "of 50 rows" in at.page.locator("figure.beats figcaption").inner_text()
    assert "The first 30 of 31 forget sets" in at.page.locator("figure.draws figcaption").inner_text()
    at.page.locator("[data-filter=row]").fill("method-7")
    assert at.page.locator("table.ranking tbody tr:visible").count() == 2
    assert at.quiet()
