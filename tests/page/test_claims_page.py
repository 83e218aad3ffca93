"""The page of claims in a real browser."""

from __future__ import annotations

import itertools
import runpy
from importlib import resources
from pathlib import Path

import pytest

from fairforget.claims.report.html import render_html
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.registry import Registry

WORLD = Path(__file__).parents[1] / "claims" / "report_world.py"
CLAIMS = ("c1", "c2", "c4", "c6", "c7", "c10", "c13")
OPEN = """() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    // Over the shadows at the edges of a table axe cannot tell what lies behind the letters.
    for (const scroll of document.querySelectorAll(".scroll")) scroll.style.background = "var(--card)";
}"""


@pytest.fixture(scope="module")
def page_text(tmp_path_factory):
    world, folder, known = runpy.run_path(str(WORLD)), tmp_path_factory.mktemp("claims"), Registry.discover([])
    files = [folder / f"{claim}.yaml" for claim in CLAIMS[1:]]  # the first is not installed
    for file in files:
        file.write_text(world["claim_file"](file.stem))
    return render_html(report(told([world["outcome"](claim) for claim in CLAIMS], known, files), known))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_axe_finds_no_fault_that_matters_and_the_page_is_quiet(page_text, visit, scheme, width):
    at = visit(page_text, scheme=scheme, width=width)
    page = at.page
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    faults = {
        fault["id"]: (fault["impact"], [node["html"][:200] for node in fault["nodes"][:3]])
        for fault in found["violations"]
        if fault["impact"] != "minor"
    }
    assert faults == {}
    assert {"color-contrast", "svg-img-alt", "button-name"} <= {rule["id"] for rule in found["passes"]}
    assert at.quiet(), at.said + at.asked


def test_a_reader_finds_a_claim_and_sorts_by_effect(page_text, visit):
    at = visit(page_text)
    page = at.page
    assert page.locator("article.claim").count() == len(CLAIMS)
    page.locator("table.claims").get_by_role("link", name="c4", exact=True).click()
    assert page.url.endswith("#claim-c4")
    article = page.locator("article:has(#claim-c4)")
    assert "2 target models" in article.inner_text()
    assert article.locator("svg:visible").count() == 1 + 4
    page.locator("table.claims thead th", has_text="effect").get_by_role("button").click()
    orders = page.locator("table.claims tbody td[data-order]:nth-child(6)").evaluate_all(
        "(cells) => cells.map((cell) => Number(cell.dataset.order))"
    )
    assert orders == sorted(orders, reverse=True)
    name, text = at.download(page.get_by_role("button", name="Download Verdicts as CSV"))
    assert name == "claims-claims.csv"
    assert "effect: low" in text.splitlines()[0]
    levels = page.locator("h1, h2, h3, h4, h5").evaluate_all("(all) => all.map((h) => Number(h.tagName[1]))")
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert at.quiet(), at.said + at.asked
