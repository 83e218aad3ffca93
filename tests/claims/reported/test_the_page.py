"""What stands on the page of claims is what stands in the files."""

from __future__ import annotations

import json
import math
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

from fairforget.claims.outcome_file import read_outcomes
from fairforget.claims.printed.measured import Measured
from fairforget.claims.printed.table import Table
from fairforget.claims.report.beside import beside
from fairforget.claims.report.html import render_html
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.page import report
from fairforget.claims.report.words import effect_text
from fairforget.claims.statistics.names import STATISTICS
from fairforget.stats.intervals import Estimate

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))
CLAIMS = world["CLAIMS"]


class Tables(HTMLParser):
    """The tables of a page: of the article, by class, the rows as pairs of attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.found, self.article, self.rows, self.cell, self.ids, self.links = {}, None, None, None, set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "article":
            self.article = attrs["data-task"]
        elif tag == "a":
            self.links.add(attrs["href"])
        elif tag == "table":
            self.rows = self.found.setdefault((self.article, attrs["class"]), [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.cell = [attrs, ""]
            self.rows[-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[1] += data


def cell_of(row):
    """Return the cell with the effect."""
    (found,) = [attrs for attrs, text in row if "to" in text and "(" in text and "class" in attrs]
    return found


def same(attrs, effect):
    assert float(attrs["data-order"]) == effect.value
    if math.isfinite(effect.low) and math.isfinite(effect.high):
        assert (float(attrs["data-low"]), float(attrs["data-high"])) == (effect.low, effect.high)
        assert int(attrs["data-n"]) == effect.n
    else:
        assert "data-low" not in attrs


def test_every_statistic_is_here():
    assert {own["name"] for own in CLAIMS.values()} == set(STATISTICS)


def test_every_number_of_the_page_is_that_of_the_file(page, folder):
    tables = Tables(page).found
    rows = {row[0][1]: row for row in tables["claims", "claims"][1:]}
    outcomes = read_outcomes(folder)
    assert list(rows) == [outcome.claim for outcome in outcomes]
    for outcome in outcomes:
        row = rows[outcome.claim]
        same(cell_of(row), outcome.judged.effect)
        assert outcome.judged.verdict in row[1][1]
        assert row[6][1] == f"{outcome.judged.effect.n} {outcome.judged.effect.unit}"
        on = tables[outcome.claim, "targets"][1:]
        assert [line[0][1] for line in on] == [*world["TARGETS"], "all targets"]
        for line, judged in zip(on, [*(one.judged for one in outcome.targets), outcome.judged], strict=True):
            same(cell_of(line), judged.effect)
            assert judged.verdict in line[1][1]
        fooled = [outcome.controls["shuffled"], *(one.controls["shuffled"] for one in outcome.targets)]
        for line, judged in zip(tables[outcome.claim, "fooled"][1:], fooled, strict=True):
            same(cell_of(line), judged.effect)
            assert (line[2][1] == "meets it") == (judged.verdict == "supported")


def test_every_link_has_its_place(page, made):
    found = Tables(page)
    assert {link.removeprefix("#") for link in found.links} <= found.ids
    text = render_markdown(made)
    anchors = re.findall(r'<a id="([a-z0-9-]+)"></a>', text)
    assert sorted(re.findall(r"\]\(#([a-z0-9-]+)\)", text)) == sorted(anchors)
    assert set(anchors) == {f"claim-{name}" for name in CLAIMS} | {"how-to-read-this"}


def test_a_section_says_what_was_tested_on_what_and_how_sure_that_is(made, claims):
    for section, one in zip(made.sections, claims, strict=True):
        tested, found = dict(section.tested), dict(section.found)
        file = one.read.file
        assert tested["Source"] == "arXiv:2504.06658, Table 1"
        assert "2 target models: small-0 (model.seed: 0); large-1 (model.seed: 1)" in tested["Tested on"]
        assert tested["Task"] == "biographies (people: 40)"
        assert tested["Forget sets"] == "10, drawn at random; samples in each: 8; seeds: 3"
        assert tested["Methods"] == "npo, grad-diff (weight: 0.5)"
        assert f". By {file.statistic.name} (" in tested["Statistic"]
        assert "`" not in tested["Statistic"]
        assert file.expect.because in tested["Expected"]
        assert section.means == getattr(file.means, one.outcome.judged.verdict)
        effect = one.outcome.judged.effect
        assert effect_text(effect).partition(" ")[0] in found["How sure we are"]
        assert f"{effect.n} {effect.unit} on 2 targets" in found["How sure we are"]
        assert found["What could change it, and was not tested"] == file.would_change
        assert "120 cells (2 more are missing, 1 of them failed), 12,345 forward-equivalents" in found["Cost"]
        assert section.command == f"fairforget claims run {section.name}.yaml"
        assert section.notes == ("a cell was left out",)
    by_name = {section.name: dict(section.found)["How sure we are"] for section in made.sections}
    assert "40 forget sets a target would decide it, as supported (at 80 % power)" in by_name["c7"]
    assert "would decide it" not in by_name["c6"]
    assert "None of it lies below 0, where the claim expects it." in by_name["c12"]


def test_the_numbers_of_a_paper_stand_beside_ours(known, claims):
    table = Table.model_validate_json(
        json.dumps(
            {
                "source": {"paper": "arXiv:0000.00000", "where": "Table 9"},
                "title": "Planted",
                "taken": "from nowhere",
                "columns": {"ua": {"unit": "%", "decimals": 1}, "mia": {"unit": "%", "decimals": 2}},
                "rows": {"NPO": {"ua": 85.5, "mia": 0.25}},
                "left_out": ["the spread"],
            }
        )
    )
    sheet = beside(table, {("NPO", "ua"): Measured(Estimate(80.0, 75.0, 85.0, 6, 4.0))})
    first, second = sheet.lines
    assert [cell.whole for cell in first.cells] == ["NPO", "ua", "85.5", "80.000 (75.000 to 85.000)", "-5.500"]
    assert [cell.text for cell in second.cells] == ["NPO", "mia", "0.25", "not measured", "–"]
    assert "arXiv:0000.00000, Table 9" in sheet.about
    assert "Not in the table: the spread." in sheet.about
    made = report(claims[:2], known, {claims[1].outcome.claim: [sheet]})
    found = Tables(render_html(made)).found
    assert [key for key in found if key[1] == "printed"] == [("c2", "printed")]
    assert "What the paper printed, and ours" in render_markdown(made)
