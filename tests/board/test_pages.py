from __future__ import annotations

import copy
import html.parser
import io
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.html import render_html
from fairforget.board.forms.json import render_json
from fairforget.board.forms.markdown import escape, render_markdown
from fairforget.board.forms.terminal import print_board
from fairforget.board.forms.write import RENDERERS, write_board
from fairforget.board.page import figures
from fairforget.board.sheets.order import all_sheets
from fairforget.board.table import build
from fairforget.board.text import figure, number, shown
from fairforget.stats.intervals import t_interval

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "javascript:alert(3)",
    "a|b\nc",
    "`$x$` [l](https://evil.example) @somebody #12 www.evil.example",
    "\u202egnp.exe\u202c",
    "\x1b[31mred\x1b[0m\x07",
    "</style><style>*{display:none}",
    "{{ 7 * 7 }}{% raw %}",
    "--><!-- x",
    "\ud800 lone",
    "n" * 9_000,
    "",
)
VOID = {"meta", "br", "wbr", "img", "link", "input", "hr", "line", "circle", "path"}


class Page(html.parser.HTMLParser):
    """What a browser would see."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.faults = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] in {"script", "style"}:
            return
        self.texts.append(data)


@pytest.fixture(scope="module")
def study(factory):
    study = factory.make_study()
    for record in study:
        if record["cell"]["method"]["label"] == "grad-ascent":
            record["problems"] = [{"kind": "collapsed", "message": "no better than a uniform guess"}]
    return study


@pytest.fixture(scope="module")
def board(factory, study):
    return build(factory.read(study), planned=[r["key"] for r in study])


def hostile_study(factory, texts):
    """A study in which everything that has a name is called something bad."""
    rng = random.Random(1)

    def bad():
        return rng.choice(texts)

    records = []
    for i in range(3):
        for m in range(3):
            cell = factory.make_cell(
                stratum=texts[0],
                index=i,
                method__label=texts[m % len(texts)],
                method__name=f"{texts[(m + 1) % len(texts)]}/{m}",
                method__options={texts[(m + 2) % len(texts)]: texts[(m + 3) % len(texts)]},
                curriculum=None if m == 2 else texts[m],
                task__name=texts[1],
                target__id=texts[2][:100],
                draw__unit=texts[3],
                budget={"kind": texts[4], "amount": texts[5], "stop": {"rule": texts[6], "policy": texts[7]}},
            )
            record = factory.make_record(cell)
            record["scores"] = {f"{bad()}{c}": s for c, s in record["scores"].items()}
            record["items"] = {}
            record["problems"] = [{"kind": bad(), "message": bad(), "traceback": bad()}]
            record["environment"] = {bad(): bad(), "distributions": {bad(): {"version": bad(), "commit": bad()}}}
            record["draw_info"] = {
                "covariates": {bad(): 0.5, "length": None, "deep": [1]},
                "scores": [{"name": bad(), "reliability": bad()}, 3, {"name": 4}],
                "advice": [bad(), 5],
            }
            records.append(record)
    return records


def test_the_same_records_make_the_same_bytes_in_any_order(factory, study, board, tmp_path):
    shuffled = copy.deepcopy(study)
    random.Random(3).shuffle(shuffled)
    other = build(factory.read(shuffled), planned=reversed([r["key"] for r in study]))
    first, second = write_board(board, tmp_path / "a"), write_board(other, tmp_path / "b")
    assert [path.name for path in first] == ["board.md", "board.html", "board.json"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_json_has_everything_and_nothing_that_json_has_not(board):
    found = json.loads(render_json(board), parse_constant=pytest.fail)
    assert found["cells"] == 352
    table = found["tables"][0]
    assert [row["label"] for row in table["rows"]] == [row.label for row in board.tables[0].rows]
    # Nine digits: the last of sixteen are the processor's.
    assert table["rows"][0]["headline"]["score"]["mean"] == pytest.approx(
        board.tables[0].rows[0].headline.score.mean, rel=1e-8
    )
    assert table["rows"][0]["rank"]["rank"] == 1
    assert len(table["rows"][0]["strata"]["hard"]["points"]) == 5
    assert not re.search(r"20\d\d-\d\d-\d\d", render_json(board))


def test_markdown_has_every_row_with_interval_and_n(board):
    text = render_markdown(board)
    table = board.tables[0]
    for row in table.rows:
        line = next(line for line in text.splitlines() if f"| {row.label} " in line)
        assert figure(row.headline.score, 5) in line
        assert f"{row.headline.score.n} × {row.seeds}" in line
    assert "score, random (n = 5)" in text
    # Every table has as many cells in each line.
    for block in re.split(r"\n\n", text):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) <= 1


def test_a_figure_never_hides_that_it_has_no_interval():
    assert figure(t_interval([0.1, 0.2, 0.3]), 3) == "0.200 ± 0.248"
    assert figure(t_interval([0.1, 0.2, 0.3]), 5) == "0.200 ± 0.248 (n = 3)"
    assert figure(t_interval([0.1, 0.3]), 2) == "0.200 (no interval)"
    assert figure(t_interval([0.1]), 3) == "0.100 (n = 1, no interval)"
    assert figure(None) == "–"
    assert [number(x) for x in (1e300, 0.0, 3e-16, 0.0123, 12345.6)] == [
        "1e+300",
        "0.000",
        "0.000",
        "0.012",
        "1.23e+04",
    ]
    assert figure(t_interval([0.0071, 0.0072, 0.0073]), 3) == "0.00720 ± 0.00025"
    assert figure(t_interval([0.667, 0.667, 0.667]), 3) == "0.667 ± 0.000"


def test_the_page_is_whole_and_asks_nobody(board):
    text = render_html(board)
    page = Page(text)
    assert page.faults == []
    assert page.open == []
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert not [value for _, name, value in page.attributes if name in {"src", "style"} or name.startswith("on")]
    links = [value for _, name, value in page.attributes if name == "href"]
    assert links[0] == "#board"
    assert {link[1:] for link in links} <= {value for _, name, value in page.attributes if name == "id"}
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text)
    assert page.tags.count("script") == 1


def test_the_page_runs_only_what_its_policy_names(board):
    import base64
    import hashlib

    text = render_html(board)
    policy = next(
        value for tag, name, value in Page(text).attributes if tag == "meta" and value and "default-src" in value
    )
    assert "default-src 'none'" in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_tables_can_be_read_aloud(board):
    page = Page(render_html(board))
    table = board.tables[0]
    numbers = [found.numbers for found in drawings(table).values() if found.numbers is not None]
    assert page.tags.count("caption") == page.tags.count("table") == len(all_sheets(table)) + len(numbers)
    scopes = [value for tag, name, value in page.attributes if tag == "th" and name == "scope"]
    assert page.tags.count("th") == len(scopes)
    assert set(scopes) == {"row", "col"}
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {v for _, name, v in page.attributes if name == "aria-labelledby"} <= set(ids)
    assert all(("svg", "role", "img") in page.attributes for _ in range(page.tags.count("svg")))
    assert ("html", "lang", "en") in page.attributes


@pytest.mark.parametrize("turn", range(len(HOSTILE)))
def test_hostile_words_are_shown_as_words(factory, turn, board):
    texts = [*HOSTILE[turn:], *HOSTILE[:turn]]
    found = build(factory.read(hostile_study(factory, texts)))
    text = render_html(found)
    page = Page(text)
    assert page.faults == []
    assert page.open == []
    honest = Page(render_html(board))
    assert set(page.tags) <= set(honest.tags)
    assert {name for _, name, _ in page.attributes} <= {name for _, name, _ in honest.attributes}
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert "alert(1)" not in "".join(re.findall(r"<script>.*?</script>", text, re.DOTALL))
    for made in (text, render_markdown(found), render_json(found)):
        made.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", made)
        assert max(map(len, re.findall("n+", made))) <= (9_000 if made.startswith("{") else 300)
    shown_markdown = re.sub(r"<!-- -->", "", render_markdown(found))
    assert not re.search(r"(?<!\\)<", shown_markdown)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("|\\`<>[]()*_~$&@#!:/w. ax1\n"), max_size=30))
def test_escaped_text_cannot_leave_its_cell(text):
    safe = escape(shown(text))
    assert "\n" not in safe
    plain = re.sub(r"\\.", "", safe.replace("<!-- -->", ""))
    assert not re.search(r"[|`<>\[\]*~$&\\]", plain)
    assert not re.search(r"(@|#|://|www\.)\S", re.sub(r"(@|#|://|www\.)<!-- -->", "", safe))
    assert re.sub(r"\\(.)", r"\1", safe.replace("<!-- -->", "")) == shown(text)


def test_words_of_others_are_cut_and_say_so():
    assert shown("x" * 500) == "x" * 79 + "…"
    assert shown("a\x00\tb\n\u202ec") == "a b c"
    assert shown(" \x07 ") == "(no name)"


def printed(board, **settings):
    console = Console(file=io.StringIO(), **settings)
    print_board(board, console)
    return console.file.getvalue()


def test_without_a_terminal_the_ranking_is_aligned_text(board):
    text = printed(board)
    table = board.tables[0]
    for row in table.rows:
        assert any(row.label in line and figure(row.headline.score, 5) in line for line in text.splitlines())
    assert "All 352 cells" in text
    assert "\x1b" not in text
    assert "│" not in text


@pytest.mark.parametrize("width", [20, 50, 60, 80, 120, 300])
def test_a_terminal_of_any_width_shows_every_column(board, width):
    text = printed(board, force_terminal=True, width=width, color_system=None)
    table = text[: text.index("Higher is better")]
    assert max(len(line) for line in table.splitlines()[2:]) <= width
    if width < 50:  # not enough for two figures and a name; what can be shown is
        return
    sheet = all_sheets(board.tables[0])[0]
    for line in sheet.lines:
        for i, cell in enumerate(line.cells):
            if sheet.heads[i].numeric:
                assert cell.text in table
                assert cell.aside.partition(" (n")[0] in table
    heading = [line for line in table.splitlines() if "completeness" in line]
    assert all("utility" in line for line in heading)
    assert sum("method " in line for line in table.splitlines()[2:]) == 1 or width < 300


def test_a_terminal_is_not_steered_by_names(factory):
    found = build(factory.read(hostile_study(factory, HOSTILE)))
    for settings_ in ({}, {"force_terminal": True, "width": 100, "color_system": None}):
        text = printed(found, **settings_)
        assert "\x1b[31m" not in text
        assert "\u202e" not in text


def test_labels_in_the_plane_cover_neither_each_other_nor_a_mark(board):
    plane = figures.plane(board.tables[0])
    assert len(plane.marks) == 10
    areas = []
    for mark in plane.marks:
        label = mark.label
        wide = 5.4 * len(label.text)
        left = label.x if label.anchor == "start" else label.x - wide
        areas.append((left, left + wide, label.y - 9, label.y + 2))
        assert left >= 30
        assert left + wide <= figures.WIDTH + 1
    for i, one in enumerate(areas):
        for other in areas[i + 1 :]:
            assert not (one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3])
        for mark in plane.marks:
            assert not (one[0] < mark.x < one[1] and one[2] < mark.y < one[3])


def test_marks_lie_where_their_figures_are(board):
    table = board.tables[0]
    plane = figures.plane(table)
    by_label = {mark.label.text: mark for mark in plane.marks}
    for row in table.rows:
        mark = by_label[shown(row.label, 28)]
        assert mark.x == pytest.approx(42 + row.headline.utility.mean * (figures.WIDTH - 12 - 42), abs=0.01)
        assert mark.y == pytest.approx(300 - row.headline.completeness.mean * 290, abs=0.01)
    panels = figures.panels(table)
    assert [panel.title for panel in panels] == ["random, n = 5", "easy, n = 5", "medium, n = 5", "hard, n = 5"]
    assert [len(strip.dots) for strip in panels[3].strips] == [5] * 9 + [3]


def test_a_contour_joins_points_of_equal_score(board):
    plane = figures.plane(board.tables[0])
    path, score = plane.contours[1]
    for point in path[1:].split(" L"):
        px, py = map(float, point.split())
        u, c = (px - 42) / (figures.WIDTH - 12 - 42), (300 - py) / 290
        assert 2 * u * c / (u + c) == pytest.approx(float(score), abs=2e-3)


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_boards_of_odd_shape_can_be_printed(factory, form):
    odd = [factory.make_record(factory.make_cell(index=i), c, u) for i, (c, u) in enumerate([(1e300, -1e300)] * 3)]
    failed = [factory.make_record(factory.make_cell(index=i), status="failed", scores={}, items={}) for i in range(3)]
    empty = [
        factory.make_record(factory.make_cell(index=i), scores={}, items={}, ledger={}, environment={})
        for i in range(3)
    ]
    for records in ([], odd, failed, empty):
        board = build(factory.read(records))
        assert RENDERERS[form](board)
        printed(board)
