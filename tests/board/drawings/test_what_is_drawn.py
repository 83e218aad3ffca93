"""Figures have the numbers of the table, and never one without its n."""

from __future__ import annotations

import dataclasses

from scipy import stats

from fairforget.board.forms.drawing import drawings
from fairforget.board.page.bump import ranked_draws
from fairforget.board.page.plane import front
from fairforget.board.page.ranks import ties
from fairforget.board.page.scene import Box, Group, Line, Text
from fairforget.board.table import build

from .shapes import groups, words


def test_ranks_on_a_draw_are_those_of_scipy(table):
    rows = list(table.competing)
    stratum = table.strata[0]
    found = ranked_draws(rows, stratum)
    assert [draw.index for draw in found] == list(range(5))
    for i, draw in enumerate(found):
        scores = [row.strata[stratum.label].points[i].score for row in rows]
        want = stats.rankdata([-score for score in scores], method="average")
        assert [draw.ranks[row.id] for row in rows] == want.tolist()


def test_ties_share_the_mean_of_their_ranks(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i), c, 0.8)
        for i in range(3)
        for method, c in (("npo", 0.7), ("idk", 0.7), ("grad-diff", 0.9))
    ]
    table = build(factory.read(records)).tables[0]
    found = ranked_draws(table.competing, table.strata[0])
    names = {row.id: row.label for row in table.rows}
    assert {names[row]: rank for row, rank in found[0].ranks.items()} == {"grad-diff": 1, "npo": 2.5, "idk": 2.5}


def test_reversals_are_where_the_second_is_ahead(table):
    first, second = table.competing[:2]
    drawing = drawings(table)["draws"]
    for stratum, panel in zip(table.strata, drawing.panels, strict=True):
        a, b = ([p.score for p in row.strata[stratum.label].points] for row in (first, second))
        turned = sum(y > x for x, y in zip(a, b, strict=True))
        assert panel.title == f"{stratum.label}, n = 5: reversed on {turned} of 5"
        crosses = [found for found in panel.value if isinstance(found, Group) and " beats " in found.told]
        assert len(crosses) == turned
    pair = next(p for p in table.compared.pairs if (p.first, p.second) == (first.id, second.id))
    assert f"reversed on {pair.reversals.count:.0f} of 5" in drawing.panels[0].title


def test_the_front_is_what_no_other_row_beats(table):
    found = [(r.id, r.headline.completeness.mean, r.headline.utility.mean) for r in table.competing]
    want = {i for i, c, u in found if all(c >= d or u >= v for j, d, v in found if j != i)}
    assert front(table) == want
    assert 0 < len(want) < len(found)
    numbers = drawings(table)["plane"].numbers
    said = {line.cells[0].text: line.cells[4].text for line in numbers.lines}
    assert {row.label for row in table.competing if row.id in want} == {k for k, v in said.items() if v == "yes"}


def with_pairs(table, apart):
    """Return what is compared with only the given neighbours in the order told apart."""
    order = table.compared.order
    places = {row: i for i, row in enumerate(order)}
    pairs = tuple(
        dataclasses.replace(pair, p=0.01 if (places[pair.first], places[pair.second]) in apart else 0.5)
        for pair in table.compared.pairs
    )
    return dataclasses.replace(table.compared, pairs=pairs)


def test_rows_that_are_not_told_apart_are_joined(table):
    order = table.compared.order
    assert len(order) == 8
    assert ties(with_pairs(table, set())) == (order,)
    every = {(i, j) for i in range(8) for j in range(i + 1, 8)}
    assert ties(with_pairs(table, every)) == ()
    # 0 | 1 2 3 | 4 …, with 3 and 4 alike: groups overlap.
    apart = {(0, j) for j in range(1, 8)} | {(1, j) for j in range(4, 8)} | {(2, j) for j in range(4, 8)}
    assert ties(with_pairs(table, apart)) == (order[1:4], order[3:8])
    # No group has a pair in it that is told apart, and none can be made longer.
    for members in ties(table.compared):
        inside = [p for p in table.compared.pairs if p.first in members and p.second in members]
        assert all(pair.p >= 0.05 for pair in inside)


def test_the_ranks_are_drawn_where_they_are(table):
    drawing = drawings(table)["ranks"]
    ticks = [s for s in drawing.panels[1].value if isinstance(s, Text) and s.kind == "tick"]
    place = {int(tick.text): tick.x for tick in ticks}
    for row in table.competing:
        found = groups(drawing, 1)[row.label]
        thin = next(s for s in found.shapes if isinstance(s, Line) and s.kind == "interval")
        thick = next(s for s in found.shapes if isinstance(s, Line) and s.kind == "thick")
        standing = table.compared.rows[row.id]
        assert (thin.x1, thin.x2) == (place[row.rank.low], place[row.rank.high])
        assert (thick.x1, thick.x2) == (place[standing.low], place[standing.high])


def test_chances_are_drawn_for_every_pair_and_add_up(table):
    drawing = drawings(table)["beats"]
    labels = {row.id: row.label for row in table.rows}
    squares = [g for g in drawing.panels[0].value if isinstance(g, Group) and " beats " in g.told]
    assert len(squares) == 8 * 7
    shown = {tuple(g.told.split(":")[0].split(" beats ")): g for g in squares}
    for pair in table.compared.pairs:
        one, other = shown[labels[pair.first], labels[pair.second]], shown[labels[pair.second], labels[pair.first]]
        values = [next(s.text for s in g.shapes if isinstance(s, Text)) for g in (one, other)]
        assert values[0] == f"{100 * pair.improvement.value:.0f}"
        assert sum(map(int, values)) in {99, 100, 101}
        framed = [any(isinstance(s, Box) and s.kind == "frame" for s in g.shapes) for g in (one, other)]
        assert framed == [pair.p < 0.05] * 2
        assert f"n = {pair.improvement.n}" in one.told
    assert len(drawing.numbers.lines) == len(table.compared.pairs)


def test_covariates_are_drawn_with_their_strata_and_p(table):
    drawing = drawings(table)["differences"]
    assert [panel.title.split(",")[0] for panel in drawing.panels] == ["frequency", "initial probability", "length"]
    covariate = next(c for c in table.covariates if c.name == "length")
    assert f"{covariate.p:.3f}" in drawing.panels[2].title or "p < 0.001" in drawing.panels[2].title
    assert "hard, n = 5" in words(drawing)


def test_no_number_is_drawn_without_its_n(table):
    for name in ("ranks", "plane", "scores", "costs"):
        for panel in drawings(table)[name].panels:
            told = [g.told for g in panel.value if isinstance(g, Group) and g.row]
            assert told
            assert all("n = " in one or "rank " in one for one in told), name
    for name, drawing in drawings(table).items():
        if drawing.numbers is not None:
            heads = [head.label for head in drawing.numbers.heads]
            assert any(h in {"n", "cells"} or "n = " in h for h in heads) or name in {"plane", "draws"}, name
