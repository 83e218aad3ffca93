"""What a table says beside the scores: covariates, the score behind the bins, cost and versions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from fairforget.board.table import build

from .rows import row


def test_what_differs_between_strata_is_tested(board, study):
    table = board.tables[0]
    found = {covariate.name: covariate for covariate in table.covariates}
    assert set(found) == {"length", "frequency", "initial_probability"}
    draws = {}
    for record in study:
        draw = record["cell"]["draw"]
        draws[draw["stratum"], draw["index"]] = record["draw_info"]["covariates"]["length"]
    groups = [[value for (name, _), value in draws.items() if name == stratum.label] for stratum in table.strata]
    assert found["length"].p == pytest.approx(scipy.stats.f_oneway(*groups).pvalue)
    assert found["length"].strata["hard"].mean == pytest.approx(np.mean(groups[3]))
    assert found["length"].strata["hard"].n == 5


def test_the_score_behind_the_bins_and_the_cost_are_told(board):
    table = board.tables[0]
    (binning,) = table.binnings
    assert (binning.score, binning.reliability, binning.forward_equivalents) == ("mrd", 0.91, 12800)
    assert binning.advice == ("binned by mrd: split-half reliability 0.91",)
    cost = row(table, "npo + mrd-weighted").cost
    assert (cost.updates, cost.forward_equivalents, cost.cells) == (30, 420, 40)
    assert cost.difficulty_share == pytest.approx(60 / 420)
    assert cost.seconds == pytest.approx(1.0)
    assert row(table, "untouched").cost.difficulty_share is None


def test_provenance_lists_every_version(factory):
    records = [factory.make_record(factory.make_cell(index=i)) for i in range(3)]
    records[0]["environment"] = {"python": "3.12.1", "distributions": {"fairforget": {"version": "0.2.0"}}}
    table = build(factory.read(records)).tables[0]
    assert len(table.provenance["distributions"]["fairforget"]) == 2
    assert table.provenance["environment"]["python"] == ["3.11.7", "3.12.1"]
    assert any("2 states of fairforget" in note for note in table.notes)
    assert {(c.name, c.items) for c in table.columns} >= {("retain_accuracy", (4, 4))}
