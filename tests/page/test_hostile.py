from __future__ import annotations

import dataclasses
import random

import pytest

from fairforget.board.about import About
from fairforget.board.table import build

HOSTILE = (
    "<script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 2">',
    "javascript:window.hit=3",
    "' onmouseover='window.hit=4",
    "\u202egnp.exe\u202c",
    "\u2067right\u2069",
    "</title></style></svg><svg onload='window.hit=5'>",
    "=HYPERLINK(1)",
    "n" * 9_980,  # of the 10,000 that a record may have, for some get a prefix
    "__proto__",
)


@pytest.fixture(scope="module", params=range(0, len(HOSTILE), 3))
def board(factory, request):
    texts = [*HOSTILE[request.param :], *HOSTILE[: request.param]]
    rng = random.Random(request.param)
    records = []
    for stratum in texts[:2]:
        for i in range(4):
            for m in range(4):
                cell = factory.make_cell(
                    stratum=stratum,
                    index=i,
                    method__label=texts[m],
                    method__name=f"{texts[m + 1]}/{m}",
                    method__options={texts[m + 2]: texts[m + 3]},
                    curriculum=None if m == 3 else texts[m + 4],
                    task__name=texts[1],
                    target__id=texts[2][:100],
                    draw__unit=texts[3],
                    budget={"kind": texts[4], "amount": 5, "stop": {"rule": texts[5], "policy": texts[6]}},
                )
                record = factory.make_record(cell, rng.random(), rng.random())
                record["scores"] = {f"{texts[5]}{name}": score for name, score in record["scores"].items()}
                record["items"] = {}
                record["problems"] = [{"kind": texts[6], "message": texts[7], "traceback": texts[8 % len(texts)]}]
                record["environment"] = {texts[0]: texts[1], "distributions": {texts[2]: {"version": texts[3]}}}
                record["draw_info"] = {"covariates": {texts[4]: rng.random(), texts[5]: rng.random()}}
                records.append(record)
    return build(factory.read(records))


@pytest.mark.parametrize("width", [390, 1400])
def test_hostile_words_are_text(board, visit, width):
    at = visit(board, width=width)
    page = at.page
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    page.mouse.move(200, 400)
    for head in page.locator("table.ranking thead button").all():
        head.click()
    page.locator("[data-filter=row]").fill("<script>")
    page.wait_for_timeout(50)
    assert page.evaluate("window.hit") is None
    assert at.quiet(), at.said + at.asked
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, a[href^='javascript']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    text = page.evaluate("document.documentElement.textContent")
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert "n" * 600 not in text


def test_the_words_of_a_board_file_are_text(board, visit):
    about = About("x", HOSTILE[0], f"{HOSTILE[1]}{HOSTILE[4]}", (HOSTILE[6], HOSTILE[8]))
    at = visit(dataclasses.replace(board, about=about))
    assert at.page.locator("h1").inner_text() == HOSTILE[0]
    assert HOSTILE[1] in at.page.locator("header").inner_text()
    assert at.page.evaluate("window.hit") is None
    assert at.quiet()


def test_a_formula_is_text_in_a_spreadsheet(factory, visit):
    records = [
        factory.make_record(factory.make_cell(index=i, method__label=label, method__name=f"x/{m}"), 0.5 + m / 9, 0.7)
        for i in range(3)
        for m, label in enumerate(("=1+1", "+1", "-1", "@SUM(1)", 'a"b,c'))
    ]
    at = visit(build(factory.read(records)))
    _, text = at.download(at.page.get_by_role("button", name="Download Ranking as CSV"))
    lines = text.split("\r\n")
    for label in ("=1+1", "+1", "-1", "@SUM(1)"):
        assert any(f"\"'{label}" in line for line in lines)
    assert any('"a""b,c' in line for line in lines)
    assert at.quiet()
