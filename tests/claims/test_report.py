"""The report of claims: what stands in it is what stands in the files."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fairforget.claims.outcome import OnTarget
from fairforget.claims.outcome_file import read_outcomes, write_outcomes
from fairforget.claims.printed.measured import Measured
from fairforget.claims.printed.table import Table
from fairforget.claims.report.beside import beside
from fairforget.claims.report.figures import figures
from fairforget.claims.report.html import render_html
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.numbers import numbers
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.words import certainty, command, effect_text, flow
from fairforget.claims.report.write import write_report
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.values import Effect
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.stats.intervals import Estimate

world = runpy.run_path(str(Path(__file__).parent / "report_world.py"))
CLAIMS = world["CLAIMS"]


@pytest.fixture(scope="module")
def known():
    return Registry.discover([])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the outcomes of one claim for every statistic, and their files."""
    out = tmp_path_factory.mktemp("claims")
    for claim in CLAIMS:
        (out / f"{claim}.yaml").write_text(world["claim_file"](claim))
    write_outcomes(out, [world["outcome"](claim) for claim in CLAIMS])
    return out


@pytest.fixture(scope="module")
def claims(folder, known):
    return told(read_outcomes(folder), known, [folder / f"{claim}.yaml" for claim in CLAIMS])


@pytest.fixture(scope="module")
def made(claims, known):
    return report(claims, known)


@pytest.fixture(scope="module")
def page(made):
    return render_html(made)


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
            assert (line[2][1] == "yes") == (judged.verdict == "supported")


def test_every_link_has_its_place(page, made):
    found = Tables(page)
    assert {link.removeprefix("#") for link in found.links} <= found.ids
    text = render_markdown(made)
    anchors = re.findall(r'<a id="([a-z0-9-]+)"></a>', text)
    assert sorted(re.findall(r"\]\(#([a-z0-9-]+)\)", text)) == sorted(anchors)
    assert len(set(anchors)) == len(CLAIMS)


def test_a_section_says_what_was_tested_on_what_and_how_sure_that_is(made, claims):
    for section, one in zip(made.sections, claims, strict=True):
        tested, found = dict(section.tested), dict(section.found)
        file = one.read.file
        assert tested["Claimed in"] == "arXiv:2504.06658, Table 1"
        assert "2 target models: small-0 (model.seed: 0); large-1 (model.seed: 1)" in tested["Tested on"]
        assert tested["Task"] == "biographies (people: 40)"
        assert tested["Forget sets"] == "10 of each kind (random); samples in each: 8; seeds: 3"
        assert tested["Methods"] == "npo, grad-diff (weight: 0.5)"
        assert f". By {file.statistic.name} (" in tested["Statistic"]
        assert "`" not in tested["Statistic"]
        assert file.expect.because in tested["Expected"]
        assert section.means == getattr(file.means, one.outcome.judged.verdict)
        effect = one.outcome.judged.effect
        assert effect_text(effect).partition(" ")[0] in found["How sure we are"]
        assert f"{effect.n} {effect.unit} on 2 targets" in found["How sure we are"]
        assert found["What would change it"] == file.would_change
        assert "120 cells (2 more are missing, 1 of them failed), 12,345 forward-equivalents" in found["Cost"]
        assert section.command == f"fairforget claims run {section.name}.yaml"
        assert section.notes == ("a cell was left out",)
    by_name = {section.name: dict(section.found)["How sure we are"] for section in made.sections}
    assert "40 forget sets a target would decide it" in by_name["c7"]
    assert "would decide it" not in by_name["c6"]
    assert "None of it lies below 0, where the claim expects it." in by_name["c12"]


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


def test_the_same_files_make_the_same_bytes(folder, known, tmp_path):
    files = [folder / f"{claim}.yaml" for claim in CLAIMS]
    write_outcomes(tmp_path / "turned", reversed(read_outcomes(folder)))
    paths = [
        write_report(report(told(read_outcomes(source), known, given), known), tmp_path / name)
        for name, source, given in (("a", folder, files), ("b", tmp_path / "turned", list(reversed(files))))
    ]
    assert [path.name for path in paths[0]] == ["claims.html", "claims.md"]
    for one, other in zip(*paths, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert str(folder).encode() not in one.read_bytes()


def test_a_claim_that_is_not_installed_is_shown_by_its_outcome_alone(known):
    (one,) = told([world["outcome"]("c3", "gone/")], known)
    assert one.read is None
    (section,) = report([one], known).sections
    assert "not installed any more" in dict(section.tested)["Claim file"]
    assert section.means == section.statement == ""
    text = render_html(report([one], known))
    assert "not installed here" in text
    assert effect_text(one.outcome.judged.effect).partition(" ")[0] in text
    assert command(one) == "fairforget claims run gone/c3"
    (panel,) = section.forest.panels
    assert not [shape for shape in panel.value if getattr(shape, "kind", "") in {"border", "expected"}]


def test_a_claim_that_a_plugin_ships_is_found(known):
    entry = next(entry for entry in known.entries("claim") if entry.name == "c10")
    outcome = dataclasses.replace(world["outcome"]("c10"), claim=entry.canonical)
    (one,) = told([outcome], known)
    assert one.name == "c10"
    assert one.read.file.title in render_html(report([one], known))
    assert "targets" in one.changed  # ours are planted ones
    tested = dict(report([one], known).sections[0].tested)
    assert tested["Task"].startswith("biographies (people: ")
    assert "Nothing is unlearned" in tested["Task"]
    assert "Forget sets" not in tested
    assert "mrd-monte-carlo (absolute: inside" in tested["Difficulties scored"]


@pytest.mark.parametrize("name", ["../../etc/passwd.yaml", "a/b/../../c.yaml", "/etc/hosts.yml", "c7", ""])
def test_a_name_among_outcomes_is_no_path(known, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c7").write_text("no claim")
    (one,) = told([dataclasses.replace(world["outcome"]("c7"), claim=name)], known)
    assert one.read is None
    assert one.lack


def test_an_interval_that_decides_nothing_says_so(known, tmp_path):
    file = tmp_path / "c7.yaml"
    file.write_text(world["claim_file"]("c7"))
    outcome = world["outcome"]("c7")
    held = dataclasses.replace(outcome, judged=dataclasses.replace(outcome.judged, verdict="undecided"))
    (plain,), (turned,) = told([outcome], known, [file]), told([held], known, [file])
    assert "All of it lies above 0" in certainty(turned)
    assert "undecided all the same; the notes say why" in certainty(turned)
    assert "all the same" not in certainty(plain)
    assert turned.changed == ""


def test_a_file_that_has_changed_since_is_told(known, tmp_path):
    file = tmp_path / "c7.yaml"
    file.write_text(world["claim_file"]("c7"))
    (one,) = told([world["outcome"]("c7")], known, [file])
    assert one.changed == ""
    file.write_text(
        world["claim_file"]("c7", expect={"above": 5.0, "because": "moved"}, targets={"small-0": {"set": {}}})
    )
    (one,) = told([world["outcome"]("c7")], known, [file])
    assert "in its targets and expectation" in one.changed
    assert one.changed in report([one], known).sections[0].notes
    with pytest.raises(FairforgetError, match="no outcome of c7"):
        told([world["outcome"]("c8")], known, [file])


def test_effects_without_a_value_or_an_end(known):
    outcome = world["outcome"]("c7")
    unknown = dataclasses.replace(outcome.judged, effect=Effect.unknown("nothing"), verdict="undecided")
    open_ = dataclasses.replace(outcome.judged, effect=Effect(0.5, -math.inf, math.inf, 3), verdict="undecided")
    cases = [
        dataclasses.replace(outcome, claim="x/a", judged=unknown, targets=(OnTarget("one", unknown, {}),)),
        dataclasses.replace(outcome, claim="x/b", judged=open_, targets=(OnTarget("one", open_, {}),)),
        dataclasses.replace(outcome, claim="x/c", judged=unknown, targets=(), controls={}, notes=()),
    ]
    claims = told(cases, known)
    made = report(claims, known)
    assert effect_text(unknown.effect) == "not known"
    assert effect_text(open_.effect) == "0.500 (−∞ to ∞)"
    assert "95 % interval goes from −∞ to ∞" in certainty(claims[1])
    assert certainty(claims[0]).startswith("Nothing could be estimated")
    assert not re.search(r"\b(nan|inf|None)\b", render_html(made))
    assert "–" in render_markdown(made)
    assert render_html(report([], known)).count("No claim was judged yet") == 1


def test_small_effects_keep_their_digits():
    assert effect_text(Effect(0.5, 0.4999, 0.5002, 9)) == "0.50000 (0.49990 to 0.50020)"
    assert effect_text(Effect(2.018, 2.006, 2.03, 4)) == "2.018 (2.006 to 2.030)"
    assert effect_text(Effect(-3e-6, -4e-6, -2e-6, 4)) == "-0.00000300 (-0.00000400 to -0.00000200)"


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


def test_no_two_claims_share_an_anchor(known):
    names = ["a/x", "b/x", "!", "?", "a/x--2", "x", "claim", "a-x"]
    claims = told([dataclasses.replace(world["outcome"]("c7"), claim=name) for name in names], known)
    anchors = [one.anchor for one in claims]
    assert len(set(anchors)) == len(names)
    assert all(re.fullmatch(r"claim-[a-z0-9-]+", anchor) for anchor in anchors)


def test_options_in_words():
    told_ = flow({"name": "npo", "beta": 0.1, "on": {"a": [1, None, True]}})
    assert told_ == "npo (beta: 0.1, on: {a: [1, none, yes]})"
    assert flow([]) == "none"


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


def test_the_command_writes_both_beside_the_outcomes(folder, tmp_path, capsys):
    files = [option for claim in CLAIMS for option in ("--claim", str(folder / f"{claim}.yaml"))]
    assert main(["claims", "report", str(folder), *files, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(tmp_path / "claims.html"), str(tmp_path / "claims.md")]
    assert said.err == ""
    assert main(["claims", "report", str(folder / "claims.json"), *files, "--format", "md"]) == 0
    assert capsys.readouterr().out == (tmp_path / "claims.md").read_text()
    assert main(["claims", "report", str(folder), *files, "--format", "html", "--out", str(tmp_path / "one")]) == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["claims.html"]
    assert (tmp_path / "one" / "claims.html").read_bytes() == (tmp_path / "claims.html").read_bytes()


def test_the_command_says_what_it_does_not_find(tmp_path, capsys):
    assert main(["claims", "report", str(tmp_path)]) == 2
    assert "claims.json" in capsys.readouterr().err
    write_outcomes(tmp_path, [world["outcome"]("c7")])
    assert main(["claims", "report", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "claim c7: its claim file is not installed; give it with --claim FILE" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.html", "claims.json", "claims.md"]
    assert main(["claims", "report", str(tmp_path), "--claim", str(tmp_path / "none.yaml")]) == 2
