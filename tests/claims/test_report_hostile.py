"""Whatever stands in ``claims.json`` and in claim files is text on the page, and never breaks it."""

from __future__ import annotations

import dataclasses
import json
import math
import runpy
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.claims.outcome import Judged, OnTarget
from fairforget.claims.outcome_file import outcome_from_json, outcome_json, read_outcomes, write_outcomes
from fairforget.claims.report.html import render_html
from fairforget.claims.report.logarithmic import Powers, axis
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.values import Effect
from fairforget.registry import Registry

world = runpy.run_path(str(Path(__file__).parent / "report_world.py"))
KNOWN = Registry.discover([])
EVIL = (
    "<script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 2">',
    "javascript:window.hit=3",
    "\u202egnp.exe\u202c",
    "</title></style></svg><svg onload='window.hit=5'>",
    "[x](javascript:alert(1)) @everyone | `code` <b>",
    "n" * 9_000,
)
KEYS = (
    "rows points sets pairs matrix parts readings levels by_draws raw partial slopes values row score outcome delta "
    "ratio true seen law draws relative_error low high slope intercept regression first second level median difficulty "
    "derived components w inner added"
).split()
SCALARS = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**18), 10**290)
    | st.sampled_from(EVIL)
    | st.sampled_from(["a", ""])
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from([*KEYS, *EVIL]), inner, max_size=5),
    max_leaves=25,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(KEYS), ANY, max_size=8) | st.lists(ANY, max_size=6), max_size=5)
FIGURES = st.dictionaries(st.sampled_from(KEYS), ANY | ROWS, max_size=8)


class Elements(HTMLParser):
    """What a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.events, self.text = {}, [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.events += [
            name for name, value in attrs if name.startswith("on") or (name == "href" and "javascript:" in str(value))
        ]

    def handle_data(self, data):
        self.text += data


def safe(text):
    found = Elements(text)
    assert found.tags["script"] == found.tags["style"] == found.tags["title"] - text.count("<title>") + 1 == 1
    assert not {"img", "iframe", "object", "b"} & set(found.tags)
    assert not found.events
    assert not set(found.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    for svg in text.split("<svg ")[1:]:
        ET.fromstring(f"<svg {svg.partition('</svg>')[0]}</svg>")
    return found


def evil_outcome(texts, figure=None):
    outcome = world["outcome"]("c7")
    effect = dataclasses.replace(outcome.judged.effect, unit=texts[0], problem=texts[1], figure=figure or {})
    judged = Judged(effect, "supported")
    return dataclasses.replace(
        outcome,
        claim=f"{texts[2]}/{texts[3]}",
        judged=judged,
        controls={texts[4]: judged},
        targets=tuple(OnTarget(text, judged, {texts[4]: judged}) for text in texts[:3]),
        notes=tuple(texts),
    )


@pytest.mark.parametrize("turn", range(len(EVIL)))
def test_hostile_outcomes_are_text(turn, tmp_path):
    texts = [*EVIL[turn:], *EVIL[:turn]]
    figure = {
        "rows": [{"row": texts[0], "n": 3, "points": [[texts[1], 1.0, 2.0, False]], texts[2]: texts[3]}],
        "score": texts[4],
        "outcome": texts[5],
        "sets": [[text, 0.5] for text in texts],
        texts[6]: texts[0],
    }
    write_outcomes(tmp_path, [evil_outcome(texts, figure)])
    made = report(told(read_outcomes(tmp_path), KNOWN), KNOWN)
    text = render_html(made)
    found = safe(text)
    assert "window.hit = 1" in found.text  # it is there, as text
    assert "n" * 700 not in found.text
    lines = render_markdown(made).splitlines()
    assert not any("<script" in line.replace("\\<", "") or "<img" in line.replace("\\<", "") for line in lines)
    assert not any("](javascript:" in line.replace("\\]", "") for line in lines)


def test_hostile_claim_files_are_text(tmp_path):
    bad = EVIL[0] + EVIL[1] + EVIL[4]
    file = tmp_path / "c7.yaml"
    file.write_text(
        world["claim_file"](
            "c7",
            title=bad[:110],
            statement=bad,
            source={"paper": EVIL[1], "where": EVIL[4]},
            would_change=bad,
            study={
                "name": EVIL[0],
                "task": EVIL[1],
                "draws": EVIL[4],
                "methods": [{"name": EVIL[0], EVIL[1]: EVIL[4]}],
            },
            means={"supported": bad, "contradicted": bad, "undecided": bad},
            expect={"above": 0.0, "because": bad},
            targets={"small-0": {"set": {EVIL[0]: EVIL[1]}}, "large-1": {"set": {}}},
        )
    )
    claims = told([world["outcome"]("c7")], KNOWN, [file])
    made = report(claims, KNOWN)
    assert claims[0].read is not None
    assert "window.hit = 1" in safe(render_html(made)).text
    assert "<script" not in render_markdown(made).replace("\\<", "")


@pytest.mark.slow
@settings(max_examples=80, deadline=None, derandomize=True)
@given(FIGURES)
def test_any_figure_makes_a_page(figure):
    effect = Effect(0.5, 0.4, 0.6, 3, figure=json.loads(json.dumps(figure)))
    judged = Judged(effect, "supported")
    outcome = dataclasses.replace(world["outcome"]("c1"), targets=(OnTarget("one", judged, {}),), judged=judged)
    again = outcome_from_json(json.loads(json.dumps(outcome_json(outcome))))
    made = report(told([again], KNOWN), KNOWN)
    safe(render_html(made))
    render_markdown(made)


FINITE = st.floats(-1e308, 1e308)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(FINITE, FINITE, FINITE, st.integers(0, 10**290))
def test_any_effect_makes_a_page(value, low, high, n):
    judged = Judged(Effect(value, min(low, high), max(low, high), n), "undecided")
    outcome = dataclasses.replace(world["outcome"]("c1"), targets=(OnTarget("one", judged, {}),), judged=judged)
    made = report(told([outcome], KNOWN), KNOWN)
    assert "undecided" in safe(render_html(made)).text
    render_markdown(made)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=8))
def test_a_logarithmic_axis_keeps_order_and_its_ticks_are_where_they_say(values):
    scale = axis(values, 10.0, 300.0, logarithmic=True)
    assert isinstance(scale, Powers)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= place <= 300 for place in places)
    ticks = scale.ticks()
    assert len(ticks) >= 1 or math.log10(max(values) / min(values)) < 1
    for place, told_ in ticks:
        assert scale(float(told_)) == pytest.approx(place, abs=0.6)


def test_a_huge_integer_of_a_file_is_a_number(tmp_path):
    path = write_outcomes(tmp_path, [world["outcome"]("c7")])
    found = json.loads(path.read_text())
    found["claims"][0]["effect"]["value"] = 10**299
    path.write_text(json.dumps(found))
    (outcome,) = read_outcomes(tmp_path)
    safe(render_html(report(told([outcome], KNOWN), KNOWN)))
