from __future__ import annotations

import dataclasses
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.html import render_html
from fairforget.board.page.answers import answers
from fairforget.board.page.axes import Scale, close_range, unit_range, upper_range
from fairforget.board.page.bump import ranked_draws
from fairforget.board.page.chapters import chapters
from fairforget.board.page.labels import spread
from fairforget.board.page.plane import front
from fairforget.board.page.ranks import ties
from fairforget.board.page.scene import Box, Group, Line, Text
from fairforget.board.sheets.order import all_sheets
from fairforget.board.sheets.sheet import Sheet
from fairforget.board.table import build


@pytest.fixture(scope="module")
def table(factory):
    return build(factory.read(factory.make_study())).tables[0]


def groups(drawing, panel=0):
    return {found.row: found for found in drawing.panels[panel].value if isinstance(found, Group) and found.row}


def words(drawing):
    """Return every text of a figure."""
    inside = [
        shape for panel in drawing.panels for found in panel.value for shape in getattr(found, "shapes", (found,))
    ]
    return [shape.text for shape in inside if isinstance(shape, Text)]


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


def test_a_figure_that_cannot_draw_everything_says_so(table, monkeypatch):
    room = "fairforget.board.page"
    for name, most in (
        ("ranks.MOST", 3),
        ("plane.MOST", 3),
        ("panels.MOST_ROWS", 3),
        ("panels.MOST_DOTS", 2),
        ("costs.MOST", 3),
        ("beats.MOST", 3),
        ("beats.MOST_LINES", 4),
        ("bump.MOST_ROWS", 3),
        ("bump.MOST_DRAWS", 2),
        ("bump.MOST_LINES", 7),
        ("covariates.MOST", 2),
    ):
        monkeypatch.setattr(f"{room}.{name}", most)
    found = drawings(table)
    assert found["ranks"].cap == "5 rows of lower rank not drawn; the table has all."
    assert found["plane"].cap.startswith("5 rows of lower score not drawn; the table has all.")
    assert found["scores"].cap.startswith("5 rows of lower score not drawn; the table has all.")
    assert "Of 5 dots a row 2 are drawn, evenly from lowest to highest." in found["scores"].cap
    assert found["costs"].cap.startswith("5 rows of lower score not drawn")
    assert "The first 3 of 8 rows" in found["beats"].cap
    assert found["draws"].cap == "The first 3 of 8 rows are drawn. The first 2 of 5 forget sets are drawn."
    assert found["differences"].cap == "1 more property in the table."
    assert set(groups(found["scores"])) == {row.label for row in (*table.competing[:3], *table.references)}
    assert len(groups(found["draws"])) == 3
    assert len(found["ranks"].numbers.lines) == 8
    assert len(found["draws"].numbers.lines) == 7
    assert found["draws"].numbers.about == "The first 7 of 20 forget sets; board.json has all."
    assert len(found["beats"].numbers.lines) == 4
    assert found["beats"].numbers.about == "The first 4 of 28 pairs; board.json has all."


def test_twenty_rows_are_drawn_and_their_squares_hold_their_numbers(factory):
    methods = {f"method-{i:02}": (0.3 + 0.02 * i, 0.9) for i in range(11)}
    found = drawings(build(factory.read(factory.make_study(draws=3, seeds=1, methods=methods))).tables[0])
    assert found["beats"].cap == "The first 20 of 22 rows are drawn; the table has more."
    assert found["draws"].cap == "The first 20 of 22 rows are drawn."
    assert len(groups(found["draws"])) == 20
    (panel,) = found["beats"].panels
    squares = [s for g in panel.value if isinstance(g, Group) for s in g.shapes if isinstance(s, Box)]
    assert min(square.width for square in squares if square.kind != "frame") >= 18
    assert max(square.x + square.width for square in squares) <= panel.width
    names = [s for g in panel.value if isinstance(g, Group) and g.kind == "strip" for s in g.shapes]
    assert len(names) == 20
    # A letter is six units wide at most, in the mean; what lies outside the figure would be cut.
    assert min(name.x - 6 * len(name.text) for name in names) >= 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.83, 0.95], (0.7, 1.0)),
        ([0.55, 0.95], (0.5, 1.0)),
        ([0.54, 0.95], (0.0, 1.0)),
        ([1.0, 1.0], (0.8, 1.0)),
        ([0.9, 1.3], (0.8, 1.3)),
        ([5.0, 5.0], (0.8, 5.0)),
        ([float("nan"), 0.9], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_an_axis_of_shares_begins_at_0_where_a_row_is_near_it(values, expected):
    assert upper_range(values) == pytest.approx(expected)


def test_the_plane_says_where_its_axes_begin(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i), 0.3 + 0.1 * i, u)
        for i in range(3)
        for method, u in (("npo", 0.82), ("idk", 0.9))
    ]
    found = drawings(build(factory.read(records)).tables[0])["plane"]
    assert found.about.endswith("The axis of utility begins at 0.7.")


def test_a_board_of_very_many_kinds_of_forget_set_draws_the_first(factory):
    kinds = 15
    records = [
        factory.make_record(factory.make_cell(method, stratum=f"kind-{k:02}", index=i), 0.5 + 0.1 * i, u)
        for k in range(kinds)
        for i in range(2)
        for method, u in (("npo", 0.7), ("idk", 0.8))
    ]
    found = drawings(build(factory.read(records)).tables[0])
    for name in ("scores", "draws", "differences"):
        assert "The first 12 of 15 kinds of forget set are drawn." in found[name].cap
    assert len(found["scores"].panels) == len(found["draws"].panels) == 12
    assert len(found["scores"].numbers.heads) == 1 + kinds


def test_without_a_cap_nothing_is_left_out(table):
    for name, found in drawings(table).items():
        assert found.cap == "", name
    assert set(groups(drawings(table)["scores"])) == {row.label for row in table.rows}


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


def test_the_answers_say_who_whether_and_where(table):
    who, whether, where = answers(table)
    best = table.competing[0]
    assert who.answer == best.label
    assert "n = 5" in who.detail
    first = [row for row in table.competing if row.rank.rank == 1]
    assert whether.answer == ("Yes" if len(first) == 1 else "No")
    assert f"of {len(table.compared.order) - 1} neighbouring pairs" in whether.detail
    draws = [(s, i) for s in table.strata for i in range(s.draws)]
    scores = {row.id: {(s.label, i): row.strata[s.label].points[i].score for s, i in draws} for row in table.competing}
    ahead = sum(max(scores, key=lambda row: scores[row][s.label, i]) == best.id for s, i in draws)
    assert f"{best.label} is first on {ahead} of 20 forget sets" in where.detail


def test_a_winner_that_changes_with_the_samples_is_told(factory):
    records = [
        factory.make_record(factory.make_cell(method, stratum=stratum, index=i), c + 0.01 * i, 0.8)
        for i in range(3)
        for stratum, method, c in (
            ("easy", "npo", 0.9),
            ("easy", "idk", 0.6),
            ("hard", "npo", 0.5),
            ("hard", "idk", 0.6),
        )
    ]
    where = answers(build(factory.read(records)).tables[0])[2]
    assert where.answer == "Yes"
    assert "easy: npo; hard: idk" in where.detail
    # Every draw has the same difference, so the tests have no doubt.
    assert "Resolved by the paired tests: on hard idk is ahead of npo." in where.detail
    assert "npo is first on 3 of 6 forget sets" in where.detail


def test_a_change_of_place_that_may_be_chance_is_told_as_such(factory):
    noise = {"npo": (0.0, 0.08, -0.06), "idk": (0.05, -0.07, 0.04)}
    records = [
        factory.make_record(factory.make_cell(method, stratum=stratum, index=i), c + noise[method][i], 0.8)
        for i in range(3)
        for stratum, method, c in (
            ("easy", "npo", 0.7),
            ("easy", "idk", 0.68),
            ("hard", "npo", 0.6),
            ("hard", "idk", 0.62),
        )
    ]
    where = answers(build(factory.read(records)).tables[0])[2]
    assert where.answer == "Seen, not resolved"
    assert "The paired tests resolve no such change." in where.detail


def test_one_row_has_no_answers(factory):
    records = [factory.make_record(factory.make_cell(index=i)) for i in range(3)]
    table = build(factory.read(records)).tables[0]
    assert answers(table) == []
    assert {"ranks", "beats", "draws", "costs"}.isdisjoint(drawings(table))


def test_every_part_is_in_one_chapter(table):
    strange = Sheet("strange", "Strange", "", all_sheets(table)[0].heads, all_sheets(table)[0].lines)
    found = chapters(drawings(table), [*all_sheets(table), strange])
    parts = [part for chapter in found for part in chapter.parts]
    assert len(parts) == len(drawings(table)) + len(all_sheets(table)) + 1
    assert len({id(part) for part in parts}) == len(parts)
    assert strange in found[-1].parts
    assert [chapter.name for chapter in chapters({}, [strange])] == ["behind"]


def test_a_board_whose_rows_have_no_score_is_a_page(factory):
    failed = [factory.make_record(factory.make_cell(index=i), status="failed", scores={}, items={}) for i in range(3)]
    assert "Where the numbers come from" in render_html(build(factory.read(failed)))


EDGES = (1.7e308, -1.7e308, 1e300, 1e-310, 5e-324, -5e-324, 0.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # sums of such numbers are infinite, and that is fine here
@pytest.mark.parametrize("one", EDGES)
@pytest.mark.parametrize("other", EDGES)
def test_numbers_at_the_edge_of_what_a_float_holds_are_drawn(factory, one, other):
    records = []
    for i in range(3):
        for method, value in (("npo", one), ("idk", other), ("grad-diff", one)):
            record = factory.make_record(factory.make_cell(method, index=i), 0.5, 0.5)
            for score in record["scores"].values():
                score["value"] = value
            record["items"] = {}
            record["ledger"] |= {"forward_equivalents": abs(value), "updates": abs(value)}
            record["draw_info"]["covariates"] = {"length": value, "other": other * (i % 2)}
            records.append(record)
    text = render_html(build(factory.read(records)))
    places = re.findall(r' (?:[xy][12]?|cx|cy|r|d|width|height|transform)="([^"]*)"', text)
    assert len(places) > 30
    assert not [place for place in places if re.search("nan|inf|e[+-]", place)]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(-50, 150), min_size=1, max_size=12))
def test_names_are_spread_in_order_and_inside(wanted):
    found = spread(wanted, 8.0, 0.0, 100.0)
    assert all(-0.01 <= place <= 100.01 for place in found)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    gaps = [found[b] - found[a] for a, b in itertools.pairwise(order)]
    assert all(gap >= min(8.0, 100 / max(len(wanted) - 1, 1)) - 0.02 for gap in gaps)


@settings(derandomize=True, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_ticks_are_round_few_and_inside(low, width, most):
    scale = Scale(low, low + width, 40.0, 350.0)
    places = [place for place, _ in scale.ticks(most)]
    assert len(places) <= most + 1
    assert all(39.9 <= place <= 350.1 for place in places)
    assert places == sorted(places)


def test_ranges_are_never_empty():
    assert unit_range([0.4]) == (0.0, 1.0)
    assert unit_range([-2.0, 3.0]) == (-2.0, 3.0)
    for values in ([0.0], [5.0, 5.0], [-1e9], [1.0, 2.0]):
        low, high = close_range(values)
        assert low < min(values) <= max(values) < high
