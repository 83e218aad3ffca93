from __future__ import annotations

import itertools
from importlib import resources

import pytest

from fairforget.board.table import build


@pytest.fixture(scope="module")
def board(factory):
    # Three draws and two methods: every kind of element is there, and axe is slow.
    study = factory.make_study(draws=3, methods={"npo": (0.8, 0.84), "idk": (0.55, 0.93)})
    for record in study[:4]:
        record["problems"] = [{"kind": "collapsed", "message": "no better than a uniform guess"}]
    return build(factory.read(study), planned=[r["key"] for r in study])


@pytest.fixture(scope="module")
def axe():
    """axe-core, as the package that carries it ships it."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


OPEN = """() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    // Over the shadows at the edges of a table axe cannot tell what lies behind the letters.
    for (const scroll of document.querySelectorAll(".scroll")) scroll.style.background = "var(--card)";
}"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_axe_finds_no_fault_that_matters(board, visit, axe, scheme, width):
    page = visit(board, scheme=scheme, width=width).page
    page.evaluate(OPEN)
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    faults = {
        fault["id"]: (fault["impact"], [node["html"][:200] for node in fault["nodes"][:3]])
        for fault in found["violations"]
        if fault["impact"] != "minor"
    }
    assert faults == {}
    # It did look: colours and names were among what it could decide.
    assert {"color-contrast", "svg-img-alt", "button-name", "select-name"} <= {rule["id"] for rule in found["passes"]}


def test_axe_would_find_a_fault(board, visit, axe):
    page = visit(board).page
    page.evaluate(OPEN)
    page.evaluate("document.querySelector('table.ranking tbody th').style.color = '#eee'")
    page.evaluate(axe)
    assert "color-contrast" in {fault["id"] for fault in page.evaluate("axe.run('table.ranking')")["violations"]}


def test_headings_follow_one_another(board, visit):
    page = visit(board).page
    levels = page.locator("h1, h2, h3, h4, h5").evaluate_all("(all) => all.map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
