from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.html import render_html
from fairforget.board.forms.json import render_json
from fairforget.board.making.sampled import MOST_DRAWS, MOST_POINTS
from fairforget.board.table import build

COLUMNS = ("forget_rouge_l", "forget_unlearning_accuracy")


def sampled(factory, *, draws=4, size=12, slope=-0.5, higher_is="easier", methods=("npo", "idk"), seeds=2):
    """Return a study whose samples are forgotten the less the harder they are."""
    rng = np.random.default_rng(5)
    records = []
    for stratum in ("easy", "hard"):
        for index in range(draws):
            ids = [f"{stratum}-{index}-{i}" for i in range(size)]
            hard = rng.uniform(0.5, 1, size) if stratum == "hard" else rng.uniform(0, 0.5, size)
            for method in methods:
                for seed in range(seeds):
                    cell = factory.make_cell(method, stratum=stratum, index=index, seed=seed, draw__forget=ids)
                    cell["draw"]["size"] = size
                    done = np.clip(0.9 + slope * hard + rng.normal(0, 0.05, size), 0, 1)
                    record = factory.make_record(cell, 0.7, 0.8)
                    for name in COLUMNS:
                        record["scores"][name] = factory.make_score(float(np.mean(done)), "completeness")
                        record["items"][name] = dict(zip(ids, map(float, done), strict=True))
                    record["scores"].pop("forget_mia")
                    record["items"].pop("forget_mia")
                    value = 1 - hard if higher_is == "easier" else hard
                    record["draw_info"] = {
                        "scores": [{"name": "mrd", "reliability": 0.9, "higher_is": higher_is}],
                        "samples": {"mrd": dict(zip(ids, map(float, value), strict=True))},
                    }
                    records.append(record)
    return records


@pytest.mark.parametrize("higher_is", ["easier", "harder"])
def test_hard_samples_that_are_left_behind_show(factory, higher_is):
    records = sampled(factory, higher_is=higher_is)
    (table,) = build(factory.read(records)).tables
    (found,) = table.by_sample
    assert (found.score, found.strata, found.left_out) == ("mrd", ("easy", "hard"), 0)
    assert set(found.rows) == {row.id for row in table.competing}
    for row in table.competing:
        one = found.rows[row.id]
        mine = [r for r in records if r["cell"]["method"]["label"] in row.label]
        sign = -1 if higher_is == "easier" else 1
        hard, done = {}, {}
        for record in mine:
            for sample, value in record["draw_info"]["samples"]["mrd"].items():
                hard[sample] = sign * value
                done.setdefault(sample, []).append(record["items"][COLUMNS[0]][sample])
        ids = sorted(hard)
        want = stats.spearmanr([hard[i] for i in ids], [np.mean(done[i]) for i in ids]).statistic
        assert one.rho == pytest.approx(want, abs=1e-12)
        assert one.rho < -0.5
        assert one.low < one.rho < one.high
        assert (one.draws, one.samples) == (8, 96)
        means = [fifth.completeness.mean for fifth in one.fifths]
        assert means == sorted(means, reverse=True)
        assert [fifth.difficulty for fifth in one.fifths] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9], abs=0.01)
        # Easy samples are in easy forget sets alone.
        assert one.fifths[0].completeness.n == 4


def test_without_difficulties_of_samples_there_is_nothing(factory):
    study = factory.make_study(draws=3)
    (table,) = build(factory.read(study)).tables
    assert table.by_sample == ()
    assert "difficulty" not in drawings(table)


@pytest.mark.parametrize(
    "samples",
    [None, 3, {"mrd": 4}, {"mrd": {"x": "much"}}, {"mrd": {"easy-0-0": 1e300, "easy-0-1": True}}, {"other": {}}],
)
def test_difficulties_that_are_none_are_not_there(factory, samples):
    records = sampled(factory)
    for record in records:
        record["draw_info"]["samples"] = samples
    (table,) = build(factory.read(records)).tables
    assert table.by_sample == ()


def test_samples_that_are_all_alike_have_no_correlation(factory):
    records = sampled(factory)
    for record in records:
        for name in COLUMNS:
            record["items"][name] = dict.fromkeys(record["items"][name], 1.0)
            record["scores"][name]["value"] = 1.0
    board = build(factory.read(records))
    (found,) = board.tables[0].by_sample
    assert all(one.rho is None for one in found.rows.values())
    assert "no ρ, all alike" in render_html(board)


def test_many_samples_are_thinned_and_the_page_says_so(factory):
    records = sampled(factory, draws=MOST_DRAWS // 2 + 3, seeds=1, methods=("npo",))
    (table,) = build(factory.read(records)).tables
    (found,) = table.by_sample
    assert found.left_out == 6
    one = next(iter(found.rows.values()))
    assert one.draws == MOST_DRAWS
    assert len(one.points) == MOST_POINTS
    assert one.points == tuple(sorted(one.points))
    cap = drawings(table)["difficulty"].cap
    assert "6 forget sets more not looked at" in cap
    assert "Not every dot is drawn" in cap


def test_the_figure_has_every_number(factory):
    board = build(factory.read(sampled(factory)))
    (table,) = board.tables
    drawing = drawings(table)["difficulty"]
    assert len(drawing.panels) == 2
    (found,) = table.by_sample
    for row, line in zip(table.rows, drawing.numbers.lines, strict=True):
        one = found.rows[row.id]
        assert line.cells[0].text == row.label
        assert line.cells[1].whole == f"{one.rho:.2f} ({one.low:.2f} to {one.high:.2f})"
        assert [cell.estimate for cell in line.cells[2:7]] == [fifth.completeness for fifth in one.fifths]
    data = json.loads(render_json(board))["tables"][0]["by_sample"]
    assert data[0]["rows"][table.rows[0].id]["rho"] == pytest.approx(found.rows[table.rows[0].id].rho, rel=1e-8)
