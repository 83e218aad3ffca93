"""Figures of the report: read off, they have the numbers of the files."""

from __future__ import annotations

import dataclasses
import math
import re
import runpy
from pathlib import Path

import pytest

from fairforget.claims.outcome import OnTarget
from fairforget.claims.report.figures import figures
from fairforget.claims.report.numbers import numbers
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))


def ticks_of(panel, axis):
    """Return values and places of the ticks of an axis, from what is drawn."""
    texts = [
        s for s in panel.value if getattr(s, "kind", "") == "tick" and s.anchor == ("middle" if axis == "x" else "end")
    ]
    return [(float(text.text), text.x if axis == "x" else text.y - 3.5) for text in texts]


def value_at(ticks, place, *, logarithmic=False):
    """Return the value that a reader reads off the axis at a place."""
    (a, x), (b, y) = ticks[0], ticks[-1]
    if logarithmic:
        a, b = math.log(a), math.log(b)
    value = a + (place - x) / (y - x) * (b - a)
    return math.exp(value) if logarithmic else value


def test_a_forest_plot_can_be_read_off(made, claims):
    for section, one in zip(made.sections, claims, strict=True):
        (panel,) = section.forest.panels
        groups = [shape for shape in panel.value if shape.tag == "g"]
        whole = one.outcome
        told_ = [*(t.judged for t in whole.targets), whole.judged, *whole.controls.values()]
        assert ["reference" in group.kind for group in groups] == [False, False, False, True]
        ticks = ticks_of(panel, "x")
        width = abs(ticks[-1][0] - ticks[0][0])
        for group, judged in zip(groups, told_, strict=True):
            (dot,) = [shape for shape in group.shapes if shape.tag == "circle"]
            assert value_at(ticks, dot.x) == pytest.approx(judged.effect.value, abs=0.001 * width)
            (bar,) = [shape for shape in group.shapes if shape.tag == "line"]
            if math.isfinite(judged.effect.low):
                assert value_at(ticks, bar.x1) == pytest.approx(judged.effect.low, abs=0.001 * width)
        borders = [shape for shape in panel.value if getattr(shape, "kind", "") == "border"]
        expected = one.read.file.expect.borders
        assert [value_at(ticks, line.x1) for line in borders] == pytest.approx(list(expected), abs=0.001 * width)


def test_every_statistic_has_a_figure_and_its_numbers(claims):
    for one in claims:
        drawn = figures(one)
        assert drawn, one.name
        assert all(panel.value for drawing in drawn for panel in drawing.panels), one.name
        assert numbers(one), one.name


def test_points_can_be_read_off_logarithmic_axes(claims):
    (one,) = [one for one in claims if one.name == "c4"]
    (drawing,) = figures(one)
    panel, row = drawing.panels[0], one.outcome.targets[0].judged.effect.figure["rows"][0]
    (cloud,) = [shape for shape in panel.value if shape.tag == "g"]
    (path,) = [shape for shape in cloud.shapes if getattr(shape, "kind", "") == "dots"]
    hollow = [(shape.x, shape.y) for shape in cloud.shapes if shape.tag == "circle"]
    full = [tuple(map(float, dot.split())) for dot in re.findall(r"M([\d. -]+)h0", path.d)]
    x, y = ticks_of(panel, "x"), ticks_of(panel, "y")
    wanted = {
        late: [
            (a, b) for _, a, values, ends in row["points"] for b, end in zip(values, ends, strict=True) if end is late
        ]
        for late in (False, True)
    }
    for late, places in ((False, full), (True, hollow)):
        read = [(value_at(x, a, logarithmic=True), value_at(y, b, logarithmic=True)) for a, b in places]
        assert len(read) == len(wanted[late]) > 0
        for found, true in zip(sorted(read), sorted(wanted[late]), strict=True):
            assert found == pytest.approx(true, rel=0.01)


def test_the_numbers_of_figures_have_their_names(claims):
    by_name = {one.name: {sheet.title: sheet for sheet in numbers(one)} for one in claims}
    heads = {
        name: {title: [head.label for head in sheet.heads] for title, sheet in sheets.items()}
        for name, sheets in by_name.items()
    }
    assert (
        heads["c10"]["By number of draws"][:3] == ["target", "draws", "law"]
        or "draws" in heads["c10"]["By number of draws"]
    )
    assert heads["c6"]["Correlations"] == ["target", "npo + uniform", "grad-diff + uniform", "simnpo + uniform"]
    assert heads["c1"]["Rows of the study"] == ["target", "row", "share", "low", "high", "estimate below 0"]
    assert heads["c8"]["Forget set by forget set"] == ["target", "forget set", "low", "high"]
    first = by_name["c1"]["Rows of the study"].lines[0]
    row = claims[0].outcome.targets[0].judged.effect.figure["rows"][0]
    assert [cell.order for cell in first.cells[2:5]] == row[1:4]


def test_what_is_not_drawn_is_said(known):
    outcome = world["outcome"]("c7")
    effect = dataclasses.replace(outcome.judged.effect, figure={"sets": [[f"random {i}", i / 70] for i in range(70)]})
    judged = dataclasses.replace(outcome.judged, effect=effect)
    many = tuple(OnTarget(f"target-{i}", judged, {}) for i in range(50))
    points = {"rows": [{"row": "npo", "points": [["a", i, i, False] for i in range(700)]}] * 4}
    others = tuple(
        OnTarget(f"t{i}", dataclasses.replace(judged, effect=dataclasses.replace(effect, figure=points)), {})
        for i in range(5)
    )
    made = report(told([dataclasses.replace(outcome, targets=many)], known), known)
    (section,) = made.sections
    assert "12 rows not drawn" in section.forest.cap  # 50 targets, all of them, a control; 40 are drawn
    assert "12 rows not drawn" in made.forests.cap
    assert "Of 70 dots a row 60" in section.figures[0].cap
    assert len(section.targets.lines) == 51
    (one,) = told([dataclasses.replace(outcome, targets=others)], known)
    (drawing,) = figures(one)
    assert len(drawing.panels) == 12
    assert drawing.cap == "The first 12 of 20 panels are drawn."
    (cloud,) = [shape for shape in drawing.panels[0].value if shape.tag == "g"]
    assert cloud.shapes[0].d.count("M") == 600
