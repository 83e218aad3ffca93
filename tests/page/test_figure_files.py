"""Figures as files, and a board in a notebook, as a real browser shows them."""

from __future__ import annotations

import pytest

from fairforget.board.forms.svg import svg_files
from fairforget.board.table import build

# Texts whose letters leave the picture, by the browser's own measure of them.
OUTSIDE = """() => {
  const root = document.documentElement, {width, height} = root.viewBox.baseVal;
  const inverse = root.getScreenCTM().inverse();
  const place = (x, y) => new DOMPoint(x, y).matrixTransform(inverse);
  return [...document.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    const low = place(box.left, box.top), high = place(box.right, box.bottom);
    return low.x < -1 || low.y < -1 || high.x > width + 1 || high.y > height + 1;
  }).map(text => text.textContent);
}"""
HOSTILE = ("<script>alert(1)</script>", "javascript:alert(2)", "\u202egnp.exe\u202c", "n" * 9_000, "</style>{}", "&lt;")


@pytest.fixture
def watched(browser):
    """A page, and what it said and asked for."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    yield page, said, asked
    page.close()


@pytest.fixture(scope="module")
def boards(factory):
    crowd = [
        factory.make_record(
            factory.make_cell(method__label=f"a method of number {m}", method__options={"m": m}, index=d)
        )
        for m in range(40)
        for d in range(3)
    ]
    hostile = [
        factory.make_record(factory.make_cell(method__label=text, method__options={"m": m}, stratum=text, index=d))
        for m, text in enumerate(HOSTILE)
        for d in range(3)
    ]
    return [build(factory.read(found)) for found in (factory.make_study(), crowd, hostile)]


def test_every_file_is_shown_whole_and_asks_for_nothing(watched, boards, tmp_path):
    page, said, asked = watched
    for number, board in enumerate(boards):
        for name, text in svg_files(board):
            path = tmp_path / f"{number}-{name}"
            path.write_text(text, encoding="utf-8")
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.tagName") == "svg", name
            assert page.evaluate(OUTSIDE) == [], (number, name)
            assert page.evaluate("getComputedStyle(document.querySelector('text')).fill") != "rgb(0, 0, 0)"
    assert said == []
    assert all(url.startswith(tmp_path.as_uri()) for url in asked)


def test_a_fragment_changes_nothing_around_it(watched, boards, tmp_path):
    page, said, asked = watched
    around = (
        "<table id=other><caption>c</caption><tr><th>a</th><td>b</td></tr></table><svg id=mine><text>t</text></svg>"
    )
    style = """() => ['#other', '#other th', '#other td', '#other caption', '#mine', '#mine text'].map(name => {
        const found = getComputedStyle(document.querySelector(name));
        return [...found].map(key => found.getPropertyValue(key)).join();
    })"""
    path = tmp_path / "notebook.html"
    for board in boards:
        seen = []
        for fragment in ("", board._repr_html_()):
            path.write_text(f"<!doctype html><meta charset=utf-8>{around}{fragment}", encoding="utf-8")
            page.goto(path.as_uri())
            seen.append(page.evaluate(style))
        assert seen[0] == seen[1]
        assert page.locator(".fairforget-board tbody tr").count() >= len(board.tables[0].rows)
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 300)")
    assert said == []
    assert all(url.startswith(("data:image/svg+xml;base64,", path.as_uri())) for url in asked)
