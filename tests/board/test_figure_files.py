"""Figures as files, and a board in a notebook."""

from __future__ import annotations

import base64
import dataclasses
import re
import struct
import sys
import types
import xml.etree.ElementTree as ET

import pytest

from fairforget.board.about import About
from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.notebook import render_fragment
from fairforget.board.forms.png import png_files
from fairforget.board.forms.svg import plain_style, svg_files
from fairforget.board.forms.write import write_figures
from fairforget.board.table import build
from fairforget.errors import FairforgetError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><image href="https://evil.example/x.png"/>',
    "]]></style><style>*{fill:red}",
    "\u202egnp.exe\u202c",
    "\x1b[31mred\x00\ufffe\uffff\ud800",
    "&xxe; <!ENTITY xxe SYSTEM 'file:///etc/passwd'>",
    "n" * 9_000,
    "",
)


@pytest.fixture(scope="module")
def board(factory):
    return build(factory.read(factory.make_study()))


@pytest.fixture(scope="module")
def hostile(factory):
    records = []
    for i in range(3):
        for m, text in enumerate(HOSTILE):
            cell = factory.make_cell(
                index=i,
                stratum=HOSTILE[0],
                method__label=text,
                method__options={"m": m},
                curriculum=text[:100],
                task__name=HOSTILE[1],
                budget={"kind": HOSTILE[4], "amount": HOSTILE[2]},
            )
            records.append(factory.make_record(cell))
    return build(factory.read(records))


def texts(root):
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def places(node, x=0.0, y=0.0):
    """Every point that is drawn, with the shifts of the groups around it."""
    shift = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", node.get("transform", ""))
    if shift:
        x, y = x + float(shift[1]), y + float(shift[2])
    for across, up in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")):
        if node.get(across) is not None:
            yield x + float(node.get(across)), y + float(node.get(up))
    for found in re.findall(r"[ML]\s*([-\d.e]+)[ ,]([-\d.e]+)", node.get("d", "")):
        yield x + float(found[0]), y + float(found[1])
    for inner in node:
        yield from places(inner, x, y)


@pytest.mark.parametrize("which", ["board", "hostile"])
def test_every_figure_is_a_whole_document_that_loads_and_runs_nothing(request, which):
    made = dict(svg_files(request.getfixturevalue(which)))
    assert "1-plane.svg" in made
    for text in made.values():
        assert text.startswith("<svg ")
        root = ET.fromstring(text)
        allowed = {f"{SVG}{name}" for name in "svg title desc style rect text g line circle path".split()}
        assert {node.tag for node in root.iter()} <= allowed
        names = {name for node in root.iter() for name in node.attrib}
        assert not [name for name in names if name.startswith("on") or "href" in name]
        assert all(re.fullmatch(r"[a-z0-9 -]*", node.get("class", "")) for node in root.iter())
        (style,) = root.iter(f"{SVG}style")
        assert style.text == plain_style()
        assert "<!" not in text


def test_the_style_needs_nothing_from_the_page():
    style = plain_style()
    assert "var(" not in style
    assert not re.search(r"@|url|:not|:is|!important", style.split("*/", 1)[1])
    assert set(re.findall(r"font-weight: (\d+)", style)) <= {str(w) for w in range(100, 1000, 100)}
    assert re.search(r"svg circle \{ fill: #[0-9a-f]{6}", style)


def test_a_file_says_what_it_shows_and_of_what(board):
    made = dict(svg_files(board))
    for name, drawing in drawings(board.tables[0]).items():
        root = ET.fromstring(made[f"1-{name}.svg"])
        assert texts(root)[0] == root.findtext(f"{SVG}title") == drawing.title
        said = " ".join(texts(root))
        assert drawing.about in said
        assert "5 random" in said
        assert "2 seeds" in said
        assert all(panel.told in root.findtext(f"{SVG}desc") for panel in drawing.panels)


@pytest.mark.parametrize("which", ["board", "hostile"])
def test_everything_lies_inside_the_picture(request, which):
    for name, text in svg_files(request.getfixturevalue(which)):
        root = ET.fromstring(text)
        width, height = float(root.get("width")), float(root.get("height"))
        outside = [(x, y) for x, y in places(root) if not (-1 <= x <= width + 1 and -1 <= y <= height + 1)]
        assert not outside, name


def test_text_of_others_is_text(hostile):
    said = " ".join(text for _, file in svg_files(hostile) for text in texts(ET.fromstring(file)))
    assert "<script>alert(1)</scri" in said
    assert not set(said) & set("\u202e\u202c\x1b\x00\ufffe\uffff")


def test_the_same_board_makes_the_same_files(board):
    assert list(svg_files(board)) == list(svg_files(board))


@pytest.mark.slow
def test_a_png_is_its_svg_in_pixels(board, tmp_path):
    pytest.importorskip("resvg_py")
    vector = dict(svg_files(board))
    paths = write_figures(board, tmp_path, "png")
    assert [path.stem for path in paths] == [name.removesuffix(".svg") for name in vector]
    for path in paths:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        root = ET.fromstring(vector[f"{path.stem}.svg"])
        size = struct.unpack(">II", content[16:24])
        assert size == pytest.approx([3 * float(root.get("width")), 3 * float(root.get("height"))], abs=3)


def test_png_without_its_extra_says_how_to_get_it(board, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(FairforgetError, match=r"pip install 'fairforget\[figures\]'.*--format svg"):
        write_figures(board, tmp_path / "new", "png")
    assert not (tmp_path / "new").exists()


def test_png_without_a_font_says_so_instead_of_leaving_the_letters_out(board, monkeypatch):
    blind = types.ModuleType("resvg_py")
    blind.svg_to_bytes = lambda *, svg_string: b"no letters"
    monkeypatch.setitem(sys.modules, "resvg_py", blind)
    with pytest.raises(FairforgetError, match="need a font without serifs"):
        list(png_files(board))


@pytest.mark.slow
def test_the_letters_of_a_png_are_painted_with_any_of_the_known_fonts(board):
    painter = pytest.importorskip("resvg_py")
    for name, content in png_files(board):
        without = re.sub(r"<text.*?</text>", "", dict(svg_files(board))[f"{name.removesuffix('.png')}.svg"])
        assert len(content) > len(painter.svg_to_bytes(svg_string=without, zoom=3.0)), name


@pytest.mark.parametrize(
    ("has", "family"),
    [
        ({"sans-serif", "Arial"}, None),
        ({"DejaVu Sans"}, "DejaVu Sans"),
        ({"DejaVu Sans", "Liberation Sans"}, "Liberation Sans"),
        ({"Comic"}, None),
    ],
)
def test_the_font_is_one_the_machine_has(board, monkeypatch, has, family):
    used = []

    def svg_to_bytes(*, svg_string, zoom=0, sans_serif_family=None):
        if zoom:
            used.append(sans_serif_family)
            return b"figure"
        (wanted,) = re.findall('font-family="(.*?)"', svg_string) or [""]
        return wanted.encode() if wanted in has else b"another" if wanted and "Comic" in has else b""

    painter = types.ModuleType("resvg_py")
    painter.svg_to_bytes = svg_to_bytes
    monkeypatch.setitem(sys.modules, "resvg_py", painter)
    list(png_files(board))
    assert set(used) == {family}


def test_a_large_figure_stays_a_picture_that_can_be_opened(board, monkeypatch):
    asked = []
    painter = types.ModuleType("resvg_py")
    painter.svg_to_bytes = lambda *, svg_string, zoom=0, **_: asked.append((svg_string, zoom)) or svg_string.encode()
    monkeypatch.setitem(sys.modules, "resvg_py", painter)
    monkeypatch.setattr("fairforget.board.forms.png._MOST", 900.0)
    list(png_files(board))
    drawn = [(text, zoom) for text, zoom in asked if zoom]
    assert len(drawn) == len(list(svg_files(board)))
    for text, zoom in drawn:
        root = ET.fromstring(text)
        assert max(float(root.get("width")), float(root.get("height"))) * zoom == pytest.approx(900)


@pytest.mark.parametrize("which", ["board", "hostile"])
def test_a_notebook_gets_a_fragment_that_reaches_nothing_outside(request, which):
    found = request.getfixturevalue(which)
    text = found._repr_html_()
    root = ET.fromstring(text)
    assert (root.tag, root.get("class")) == ("div", "fairforget-board")
    tags = {node.tag for node in root.iter()}
    assert tags <= set("div style p strong code table caption thead tbody tr th td span img".split())
    attributes = {name for node in root.iter() for name in node.attrib}
    assert attributes <= {"class", "scope", "title", "src", "alt"}
    (style,) = root.iter("style")
    selectors = [part for rule in re.findall(r"([^{}]+)\{[^}]*\}", style.text) for part in rule.split(",")]
    assert all(part.strip().startswith(".fairforget-board") for part in selectors)
    for image in root.iter("img"):
        kind, content = image.get("src").split(",", 1)
        assert kind == "data:image/svg+xml;base64"
        assert ET.fromstring(base64.b64decode(content)).tag == f"{SVG}svg"
    (table, *_) = root.iter("table")
    assert len(list(table.iter("tr"))) == 1 + len(found.tables[0].rows)


def test_a_notebook_shows_figures_with_their_interval_and_n(board):
    row = board.tables[0].rows[0]
    score = row.headline.score
    root = ET.fromstring(render_fragment(board))
    said = " ".join(" ".join(root.itertext()).split())
    assert f"{row.label} {score.mean:.3f} ± {score.half_width:.3f}" in said
    assert f"{score.n} × {row.seeds}" in said


def test_a_notebook_says_what_a_board_file_says(board):
    about = About("people", "<b>Who</b> forgets", "A summary.", ("A row needs 5 forget sets.", "And 2 seeds."))
    said = "".join(ET.fromstring(render_fragment(dataclasses.replace(board, about=about))).itertext())
    for text in ("<b>Who</b> forgets", "A summary.", "A row needs 5 forget sets. And 2 seeds."):
        assert text in said


def test_a_notebook_shows_an_empty_board():
    assert "There is nothing to compare yet." in "".join(ET.fromstring(render_fragment(build([]))).itertext())
