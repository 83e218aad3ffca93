"""Whatever the scores are, what a board says of how rows compare holds together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairforget.board.forms.write import RENDERERS
from fairforget.board.table import build

METHODS = ("npo", "idk", "dpo")
ODD = (0.0, 0.5, 1.0, 0.5 + 1e-16, 1e-300, -1.0, 1e59, 1e99, 1e300)

study = st.fixed_dictionaries(
    {
        "strata": st.lists(st.sampled_from(("random", "easy", "hard")), min_size=1, max_size=3, unique=True),
        "draws": st.integers(2, 5),
        "methods": st.integers(1, 3),
        "pool": st.sampled_from((4, 6, 40)),
        "seed": st.integers(0, 2**32),
        "odd": st.booleans(),
        "gaps": st.booleans(),
        "together": st.booleans(),
    }
)


def records_of(factory, made):
    rng = np.random.default_rng(made["seed"])
    for stratum in made["strata"]:
        for index in range(made["draws"]):
            forget = [f"s{i}" for i in rng.choice(made["pool"], 4, replace=False)]
            for method in METHODS[: made["methods"]]:
                for seed in range(int(rng.integers(1, 4)) if made["gaps"] else 2):
                    if made["gaps"] and rng.random() < 0.03:
                        continue
                    value = float(rng.choice(ODD)) if made["odd"] and rng.random() < 0.5 else rng.random()
                    cell = factory.make_cell(method, stratum=stratum, index=index, seed=seed, draw__forget=forget)
                    yield factory.make_record(cell, value, value)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(study)
def test_any_scores_make_a_board_that_holds_together(factory, made):
    with np.errstate(all="raise", under="ignore"):
        records = factory.read(list(records_of(factory, made)))
        weights = dict.fromkeys(made["strata"], 1.0) if made["together"] else None
        board = build(records, weights=weights)
        for form in ("md", "json", "html", "tex"):
            assert RENDERERS[form](board)
    for table in board.tables:
        ranked = [row.id for row in table.competing if row.rank is not None]
        found = table.compared
        assert (found is None) == (len(ranked) < 2)
        if found is None:
            continue
        assert set(found.order) == set(ranked)
        assert sum(one.first for one in found.rows.values()) == pytest.approx(1, abs=1e-5)
        assert all(1 <= one.low <= one.high <= len(ranked) for one in found.rows.values())
        assert sum(found.agreement.winners.values()) == pytest.approx(found.agreement.draws)
        for pair in found.pairs:
            size = max(abs(one.headline.score.mean) for one in table.competing if one.id in found.order)
            assert pair.difference.mean >= -1e-12 * size
            assert 0 <= pair.p <= 1
            assert 0 <= pair.improvement.low <= pair.improvement.value <= pair.improvement.high <= 1
            assert pair.reversals.n == pair.difference.n
        for draw in found.draws:
            n = len(draw.ranks)
            assert sum(draw.ranks.values()) == pytest.approx(n * (n + 1) / 2)
            assert min(draw.ranks.values()) == min(draw.ranks[row] for row in draw.winners)


@pytest.mark.parametrize(("lead", "least", "most"), [(0.2, 0.99, 1.0), (0.0, 0.05, 0.75)])
def test_who_is_clearly_first_is_so_in_nearly_every_resample(factory, lead, least, most):
    rng = np.random.default_rng(4)
    records = [
        factory.make_record(factory.make_cell(m, index=i, seed=s), 0.6 + lead * (m == "npo") + rng.normal(0, 0.02), 0.8)
        for m in METHODS
        for i in range(6)
        for s in range(2)
    ]
    table = build(factory.read(records)).tables[0]
    row = next(row for row in table.rows if row.label == "npo")
    standing = table.compared.rows[row.id]
    assert least <= standing.first <= most
    assert ((standing.low, standing.high) == (1, 1)) == (lead > 0)
