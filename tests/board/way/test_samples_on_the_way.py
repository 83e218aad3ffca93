"""Updates to forget, the visits of a curriculum and the worst quarter, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from fairforget.board.page.curves import survivals
from fairforget.board.sheets.order import all_sheets
from fairforget.board.table import build

from .read_off import cells, coordinates, row, sheet

PACES = {"npo": [[5, 10, 10, None], [5, 5, 20, None], [10, None, None, None]], "idk": [[None] * 4] * 3}


@pytest.fixture(scope="module")
def forgotten(factory):
    def told(updates):
        return {"updates": {f"s{i}": u for i, u in enumerate(updates)}, "cap": 30, "every": 5, "level": {}}

    return build(
        factory.read(
            [
                factory.make_record(
                    factory.make_cell(method, stratum=stratum, index=i),
                    forgetting=told([u and u * factor for u in drawn]),
                )
                for method, paces in PACES.items()
                for stratum, factor in (("random", 1), ("easy", 0.5))
                for i, drawn in enumerate(paces)
            ]
        )
    )


def test_updates_to_forget_are_censored_and_not_averaged(forgotten):
    """Twelve samples: three after 5, three after 10, one after 20, five not by 30."""
    found = row(forgotten, "npo").forgetting
    assert (found[""].samples, found[""].forgotten, found[""].cap) == (12, 7, 30)
    assert found[""].curve == ((5, pytest.approx(9 / 12)), (10, pytest.approx(6 / 12)), (20, pytest.approx(5 / 12)))
    asked = found[""].quantiles
    assert (asked.quarter, asked.median, asked.three_quarters) == (5, 10, None)
    assert found["easy"].quantiles.median == 5
    line = cells(sheet(forgotten, "forgetting"), "npo")
    assert (line["forgotten"], line["three quarters after"]) == ("58 %", "> 30")
    assert line["half after, random (n = 3)"].startswith("10")
    assert cells(sheet(forgotten, "forgetting"), "idk")["half after, random (n = 3)"] == "> 30"


def test_the_curve_is_drawn_in_steps_up_to_the_last_look(forgotten):
    panels = {panel.title: panel for panel in survivals(forgotten.tables[0])}
    found = coordinates(panels["npo"].lines[0][1])
    x, y = panels["npo"].x, panels["npo"].y
    corners = [(0, 1), (5, 1), (5, 9 / 12), (10, 9 / 12), (10, 0.5), (20, 0.5), (20, 5 / 12), (30, 5 / 12)]
    assert found == pytest.approx(np.array([(x(at), y(share)) for at, share in corners]), abs=0.01)
    assert coordinates(panels["idk"].lines[0][1]) == pytest.approx(np.array([(x(0), y(1)), (x(30), y(1))]), abs=0.01)


def test_a_curriculum_says_how_it_spread_the_updates(factory):
    uniform = [{"epoch": e, "effective_sample_size": 4.0, "samples": 4, "distinct": 4, "seen": 4} for e in range(2)]
    weighted = [
        {"epoch": 0, "effective_sample_size": 3.0, "scored": True, "undefined": 1, "samples": 4, "seen": 2},
        {"epoch": 1, "effective_sample_size": 2.0, "scored": True, "undefined": 0, "samples": 4, "seen": 3},
    ]
    records = []
    for i in range(3):
        for curriculum, log, visits in (("uniform", uniform, [2, 2, 2, 2]), ("mrd-weighted", weighted, [5, 0, 2, 1])):
            record = factory.make_record(factory.make_cell(index=i, curriculum=curriculum))
            record["ledger"] |= {"curriculum": log, "visits": {f"s{n}": v for n, v in enumerate(visits)}}
            records.append(record)
    board = build(factory.read(records))
    found = row(board, "npo + mrd-weighted").coverage
    assert (found.samples, found.effective, found.seen, found.fewest, found.most) == (4, 2.5, 3, 0, 5)
    assert (found.scorings, found.undefined) == (2, 0.5)
    line = cells(sheet(board, "coverage"), "npo + mrd-weighted")
    assert (line["effective sample size"], line["visits"]) == ("2.5 of 4", "0–5")
    alike = build(factory.read([r for r in records if r["cell"]["curriculum"]["label"] == "uniform"]))
    assert "coverage" not in {s.name for s in all_sheets(alike.tables[0])}


def test_the_worst_quarter_is_of_the_samples_that_are_least_forgotten(factory):
    """Five samples: a quarter is two. The third column is no mean of its items, as an AUC is not."""
    first, second = [1.0, 0.2, 0.4, 0.9, 0.0], [0.8, 0.0, 1.0, 0.7, 0.5]
    records = []
    for i in range(3):
        record = factory.make_record(factory.make_cell(index=i))
        for name, values in (("forget_rouge_l", first), ("forget_unlearning_accuracy", second)):
            record["scores"][name]["value"] = sum(values) / 5
            record["items"][name] = {f"s{n}": v - 0.01 * i for n, v in enumerate(values)}
            record["scores"][name]["value"] -= 0.01 * i
        record["items"]["forget_mia"] = {f"s{n}": 0.0 for n in range(5)}
        records.append(record)
    found = row(build(factory.read(records)), "npo").worst_quarter
    # Means by sample: 0.9, 0.1, 0.7, 0.8, 0.25.
    assert (found.mean, found.n) == (pytest.approx((0.1 + 0.25) / 2 - 0.01), 3)
    for record in records:
        record["items"] = {}
    assert row(build(factory.read(records)), "npo").worst_quarter is None
