"""The figures and printed numbers of a paper beside ours: what is drawn and told is what was measured and printed."""

from __future__ import annotations

import json
import math
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.page.scene import Box, Group, Line, Text
from fairforget.claims.outcome_file import read_outcomes, write_outcomes
from fairforget.claims.report.bars import bars, cap, spread
from fairforget.claims.report.figures import NO_NUMBERS, figures
from fairforget.claims.report.html import render_html
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.ours import ours_on, parted, samples_of
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.registry import Registry

world = runpy.run_path(str(Path(__file__).parent / "report_world.py"))
hostile = runpy.run_path(str(Path(__file__).parent / "test_report_hostile.py"))
KNOWN = Registry.discover([])
TABLE = {
    "source": {"paper": "arXiv:0000.00000", "where": "Table 9"},
    "title": "Planted",
    "taken": "from nowhere",
    "n": "forty samples",
    "columns": {"low": {"unit": "MRD"}, "high": {"unit": "MRD"}, "UC": {"unit": "share"}},
    "rows": {"frequency": {"low": 0.5, "high": 0.125}, "NPO": {"UC": 0.75}, "NPO+": {"UC": 0.7625}},
    "left_out": ["the spread"],
}
ONE = {"name": "Figure 4", "shows": "Points of ten samples."}


def made(tmp_path, claim, figures=(), lines=None, **changes):
    """Return the only claim of a report with what stands beside it."""
    (tmp_path / "table.yaml").write_text(json.dumps(TABLE))
    tables = [{"file": "./table.yaml", "lines": lines}] if lines else []
    file = tmp_path / f"{claim}.yaml"
    file.write_text(world["claim_file"](claim, beside={"figures": list(figures), "tables": tables}, **changes))
    write_outcomes(tmp_path, [world["outcome"](claim)])
    return told(read_outcomes(tmp_path), KNOWN, [file])


def places(panel, kind):
    """Return the shapes of a kind in a panel, groups opened."""
    flat = [inner for shape in panel.value for inner in (shape.shapes if isinstance(shape, Group) else [shape])]
    return [shape for shape in flat if shape.kind == kind]


def at(panel, place, *, power=False):
    """Return the value at a place of the vertical axis, read off its lowest and highest ticks."""
    grid = [s for s in panel.value if isinstance(s, Line) and s.kind == "grid" and s.y1 == s.y2]
    texts = {t.y - 3.5: t.text for t in panel.value if isinstance(t, Text) and t.kind == "tick" and t.anchor == "end"}
    ticks = sorted((line.y1, float(texts[line.y1])) for line in grid if line.y1 in texts)
    (low, a), (high, b) = ticks[0], ticks[-1]
    if power:
        a, b = math.log(a), math.log(b)
    value = a + (place - low) / (high - low) * (b - a)
    return math.exp(value) if power else value


def test_a_figure_of_the_paper_says_what_is_there_and_that_no_number_is_printed(tmp_path):
    claims = made(tmp_path, "c3", [ONE])
    (drawing,) = [drawing for drawing in figures(claims[0]) if drawing.name == "points"]
    assert drawing.title == "Figure 4, from our runs"
    assert drawing.about.startswith(f"There: Points of ten samples. {NO_NUMBERS} Here: A dot is a run")
    found = report(claims, KNOWN)
    assert "Figure 4, from our runs" in render_html(found)
    text = render_markdown(found)
    assert "**Figure 4, from our runs**: There: Points of ten samples" in text
    assert "Outcome by quarter of the score" in text


def test_printed_numbers_of_a_figure_are_told_in_place_of_none(tmp_path):
    claims = made(tmp_path, "c3", [{**ONE, "told": "A slope of 3."}])
    (drawing,) = [drawing for drawing in figures(claims[0]) if drawing.name == "points"]
    assert "Printed of it: A slope of 3. Here:" in drawing.about
    assert NO_NUMBERS not in drawing.about


def test_a_printed_value_lies_across_where_the_axis_says(tmp_path):
    (claim,) = made(tmp_path, "c11", [{**ONE, "value": 0.64}])
    (drawing,) = [drawing for drawing in figures(claim) if drawing.name == "levels"]
    for panel in drawing.panels:
        (line,) = [s for s in places(panel, "border") if isinstance(s, Line)]
        assert line.y1 == line.y2
        assert at(panel, line.y1, power=True) == pytest.approx(0.64, rel=0.02)
        assert "printed: 0.64" in {t.text for t in places(panel, "tick")}
    (plain,) = made(tmp_path, "c11")
    (drawing,) = [drawing for drawing in figures(plain) if drawing.name == "levels"]
    assert not any(places(panel, "border") for panel in drawing.panels)


def test_bars_can_be_read_off(tmp_path):
    (claim,) = made(tmp_path, "c1", [{**ONE, "drawn": "bars"}])
    (drawing,) = [drawing for drawing in figures(claim) if drawing.name == "bars"]
    assert len(drawing.panels) == len(claim.outcome.targets) == 2
    for panel, target in zip(drawing.panels, claim.outcome.targets, strict=True):
        sets = target.judged.effect.figure["sets"]
        rows = len(target.judged.effect.figure["rows"])
        assert rows == 3
        for row in range(rows):
            drawn = places(panel, f"bar-{row}")
            assert [at(panel, bar.y) for bar in drawn] == pytest.approx([one[1 + row] for one in sets], abs=0.005)
            assert {round(at(panel, bar.y + bar.height), 3) for bar in drawn} <= {0.0, -0.0}
        lefts = [bar.x for row in range(rows) for bar in places(panel, f"bar-{row}")]
        assert len(set(lefts)) == rows * len(sets), "no bar stands on another"
        assert "second bar: grad-diff + uniform" in {t.text for t in places(panel, "tick")}
    assert any(drawing.name == "shares" for drawing in figures(claim)), "what the statistic draws is still there"


def test_differences_are_bars_on_both_sides_of_nothing():
    figure = {"sets": [["a", 0.5], ["b", -0.25], ["c", 0.0]]}
    (panel,) = bars(figure, "t: ", {"of": "utility"})
    first, second, none = places(panel, "bar-0")
    assert at(panel, first.y) == pytest.approx(0.5, abs=0.01)
    assert at(panel, second.y + second.height) == pytest.approx(-0.25, abs=0.01)
    assert none.height == 0.5  # units of the figure: seen, and of no value
    assert "difference in utility" in panel.told


def test_spread_has_every_forget_set_of_every_row(tmp_path):
    (claim,) = made(tmp_path, "c1", [{**ONE, "drawn": "spread"}])
    (drawing,) = [drawing for drawing in figures(claim) if drawing.name == "spread"]
    figure = claim.outcome.targets[0].judged.effect.figure
    names = {t.text for t in places(drawing.panels[0], "name")}
    assert names == {row[0] for row in figure["rows"]}
    dots = places(drawing.panels[0], "dots")
    assert [path.d.count("M") for path in dots] == [len(figure["sets"])] * 3


def test_what_is_not_drawn_of_bars_is_said():
    many = {"sets": [[f"s{i}", *[0.5] * 6] for i in range(80)], "rows": [[f"r{i}"] for i in range(6)]}
    assert cap([many]) == "The first 60 of 80 forget sets are drawn. The first 4 of 6 rows are drawn."
    (panel,) = bars(many, "", {})
    assert sum(isinstance(s, Box) for g in panel.value if isinstance(g, Group) for s in g.shapes) == 240
    assert cap([{"sets": [["a", 1.0]]}, {}]) == ""
    ragged = {"sets": [["a", 1.0], ["b", 1.0, 2.0]]}
    assert list(bars(ragged, "", {})) == list(spread(ragged, "", {})) == []


@given(
    st.lists(
        st.tuples(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6, allow_nan=False)),
        max_size=40,
    )
)
def test_samples_are_parted_at_the_median(samples):
    low, high = parted(samples)
    if not samples:
        assert (low, high) == (None, None)
        return
    attribute, outcome = np.array(samples).T
    above = attribute > np.median(attribute)
    for found, side in ((low, ~above), (high, above)):
        if side.any():
            assert found == pytest.approx(outcome[side].mean(), abs=1e-6)
        else:
            assert found is None


def test_low_and_high_are_those_of_the_evidence():
    """Computed again from the score sets themselves, not from what the statistic hands on."""
    own = world["CLAIMS"]["c12"]
    part = world["evidence"](own["name"], 0).only
    means = {
        name: np.mean([one.values for one in part.scores if one.difficulty["name"] == f"fairforget/{name}"], axis=0)
        for name in ("m", "other")
    }
    found = world["effect"]("c12").figure
    above = means["other"] > np.median(means["other"])
    low, high = means["m"][~above].mean(), means["m"][above].mean()
    assert ours_on(found, "low") == pytest.approx(low)
    assert ours_on(found, "high") == pytest.approx(high)
    assert ours_on(found, "high/low") == pytest.approx(high / low)
    turned = world["effect"]("c12", reverse=True).figure
    below = means["other"] < np.median(means["other"])
    assert ours_on(turned, "high") == pytest.approx(means["m"][below].mean())


def test_low_and_high_of_points_and_of_groups():
    points = [["a", 1.0, 10.0, False], ["b", 2.0, [30.0, 50.0], [False, True]], ["c", 1.0, 20.0, False]]
    rows = [{"points": points}, {"points": [["a", 1.0, 1.0, False], ["b", 2.0, 3.0, False]]}]
    assert samples_of(rows[0]) == [(1.0, 10.0), (2.0, 30.0), (2.0, 50.0), (1.0, 20.0)]
    # The median of 1, 2, 2, 1 is 1.5, that of 1, 2 too: low are 10 and 20, and 1.
    assert ours_on({"rows": rows}, "low") == pytest.approx((15.0 + 1.0) / 2)
    found, logs = (world["effect"]("c13", scale=scale).figure for scale in ("raw", "log"))
    assert ours_on(found, "high") == pytest.approx(np.mean([row["high"]["mean"] for row in found["rows"]]))
    assert ours_on(found, "low") == pytest.approx(np.mean([row["low"]["mean"] for row in found["rows"]]))
    assert ours_on(logs, "high/low") == pytest.approx(ours_on(found, "high/low")), (
        "of the outcomes, not their logarithms"
    )
    assert ours_on({"rows": [{"points": [["a", 1.0, 1.0]]}]}, "high") is None
    nothing = {"split": "median", "rows": [{"values": [[1.0, 0.0, False], [2.0, 1.0, True]]}]}
    assert (ours_on(nothing, "low"), ours_on(nothing, "high/low")) == (0.0, None)
    assert ours_on({**nothing, "scale": "log", "rows": [{"values": [[1.0, 1e6, True]]}]}, "high") is None


def test_a_pair_is_found_by_its_method():
    figure = {"pairs": [["npo", 0.25], ["grad-diff (weight=0.5)", -0.5], ["grad-ascent", 0.125]]}
    assert ours_on(figure, "pair npo") == 0.25
    assert ours_on(figure, "pair grad-diff") == -0.5
    assert ours_on(figure, "pair grad") is None
    assert ours_on({"pairs": [["npo (beta=0.1)", 1.0], ["npo (beta=0.2)", 2.0]]}, "pair npo") is None


def test_printed_numbers_stand_beside_ours(tmp_path):
    gain = {"rows": ["NPO+"], "less": ["NPO"], "column": "UC", "ours": "effect"}
    claims = made(tmp_path, "c7", lines={"the gain": gain, "of npo": {**gain, "ours": "pair nowhere"}})
    found = report(claims, KNOWN)
    (sheet,) = found.sections[0].printed
    first, second = sheet.lines
    effect = claims[0].outcome.judged.effect
    assert [cell.text for cell in first.cells[:2]] == ["the gain", "0.0125"]
    assert first.cells[1].order == pytest.approx(0.0125)
    assert first.cells[2].order == effect.value
    assert first.cells[2].estimate.low == effect.low
    assert len(first.cells[3].text.split(", ")) == 2
    assert [cell.text for cell in second.cells] == ["of npo", "0.0125", "not known", "–, –"]
    assert "Behind them: forty samples." in sheet.about
    assert "Not in the table: the spread." in sheet.about
    text, page = render_markdown(found), render_html(found)
    assert re.search(r"\| the gain +\| +0\.0125 \|", text)
    assert "Table 9: what the paper printed, and ours" in page
    assert 'class="named"' in page


def test_our_means_of_samples_are_those_of_all_targets(tmp_path):
    line = {"rows": ["frequency"], "column": "high", "by": "low", "ours": "high/low"}
    claims = made(tmp_path, "c12", lines={"high by low": line})
    (sheet,) = report(claims, KNOWN).sections[0].printed
    cells = sheet.lines[0].cells
    each = [ours_on(one.judged.effect.figure, "high/low") for one in claims[0].outcome.targets]
    assert cells[1].text == "0.25"
    assert cells[2].order == pytest.approx(np.mean(each))
    assert cells[2].aside == "(no interval)"
    assert "at its median or below" in sheet.about


def test_a_table_that_is_gone_is_a_note_and_no_number(tmp_path):
    line = {"rows": ["frequency"], "column": "low", "ours": "low"}
    claims = made(tmp_path, "c12", lines={"low": line})
    (tmp_path / "table.yaml").unlink()
    section = report(claims, KNOWN).sections[0]
    assert section.printed == ()
    assert any("the printed numbers are not shown: there is no file" in note for note in section.notes)


def test_the_same_files_make_the_same_bytes(tmp_path):
    line = {"rows": ["NPO+"], "less": ["NPO"], "column": "UC", "ours": "effect"}
    named = [{**ONE, "drawn": "bars"}, {**ONE, "name": "Figure 2", "drawn": "bars"}, ONE]
    pages = [render_html(report(made(tmp_path, "c7", named, {"x": line}), KNOWN)) for _ in range(2)]
    assert pages[0] == pages[1]
    ids = re.findall(r' id="([^"]+)"', pages[0])
    assert len(ids) == len(set(ids))
    assert {"t2-figure-bars", "t2-figure-bars-1"} <= set(ids)


@pytest.mark.parametrize("turn", range(len(hostile["EVIL"])))
def test_hostile_words_beside_a_claim_are_text(turn, tmp_path):
    evil = hostile["EVIL"]
    text = evil[turn][:150]
    line = {"rows": ["frequency"], "column": "low", "ours": "low"}
    named = [{"name": text, "shows": text, "told": text, "drawn": form} for form in ("bars", "spread", "statistic")]
    claims = made(tmp_path, "c1", named, {text: line})
    table = {**TABLE, "title": text, "n": text, "left_out": [text]}
    (tmp_path / "table.yaml").write_text(json.dumps(table))
    found = report(claims, KNOWN)
    hostile["safe"](render_html(found))
    lines = render_markdown(found).splitlines()
    assert not any("<script" in line.replace("\\<", "") or "<img" in line.replace("\\<", "") for line in lines)


@pytest.mark.slow
@settings(deadline=None)
@given(hostile["FIGURES"])
def test_any_figure_at_all_has_bars_and_numbers_or_none(figure):
    for panel in [*bars(figure, "t: ", {}), *spread(figure, "t: ", {})]:
        boxes = [shape for group in panel.value if isinstance(group, Group) for shape in group.shapes]
        places = [v for b in boxes if isinstance(b, Box) for v in (b.x, b.y, b.width, b.height)]
        assert all(0 <= place <= max(panel.height, panel.width) for place in places)
    cap([figure])
    for ours in ("low", "high", "high/low", "pair npo"):
        found = ours_on(figure, ours)
        assert found is None or math.isfinite(found)
