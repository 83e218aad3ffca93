"""The filters of the page of claims, in a real browser without a network."""

from __future__ import annotations

import runpy
from importlib import resources
from pathlib import Path

import pytest

from fairforget.claims.report.html import render_html
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.registry import Registry

WORLD = Path(__file__).parents[1] / "claims" / "report_world.py"
FAMILIES = {"c2": "selection", "c7": "difficulty", "c13": "forgotten"}
CLAIMS = ("c1", *FAMILIES)
"""The first is not installed, and of no family."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    world, folder, known = runpy.run_path(str(WORLD)), tmp_path_factory.mktemp("claims"), Registry.discover([])
    files = [folder / f"{claim}.yaml" for claim in FAMILIES]
    for file in files:
        named = [{"name": "Figure 2", "shows": "Bars of five draws.", "drawn": "bars"}] if file.stem == "c7" else []
        family = FAMILIES[file.stem]
        file.write_text(world["claim_file"](file.stem, family=family, beside={"figures": named}))
    return report(told([world["outcome"](claim) for claim in CLAIMS], known, files), known)


@pytest.fixture(scope="module")
def page_text(found):
    return render_html(found)


def seen(page):
    """Return the claims that are seen: in the table, in the figure of all effects, as sections."""
    rows = page.locator("table.claims tbody tr:visible th").all_inner_texts()
    sections = page.locator("article.claim:visible").evaluate_all("(all) => all.map((one) => one.dataset.task)")
    panels = page.locator("figure.forests svg:visible .panel").all_text_contents()
    return rows, sections, [panel.partition(":")[0] for panel in panels]


def test_claims_are_filtered_by_family_by_verdict_and_by_words(page_text, found, visit):
    at = visit(page_text)
    page = at.page
    bar = page.get_by_role("search", name="Filters")
    assert seen(page) == ([*CLAIMS],) * 3
    bar.get_by_label("About").select_option("selection")
    assert seen(page) == (["c2"],) * 3
    assert bar.get_by_role("status").inner_text() == "Shown: 1 of 4 claims"
    bar.get_by_label("About").select_option("")
    for verdict in {section.verdict for section in found.sections}:
        bar.get_by_label("Verdict").select_option(verdict)
        of = [section.name for section in found.sections if section.verdict == verdict]
        assert seen(page) == (of,) * 3
    bar.get_by_role("button", name="Show everything").click()
    assert seen(page) == ([*CLAIMS],) * 3
    assert bar.get_by_role("status").inner_text() == ""
    bar.get_by_label("Claim").fill("Statement of C13")
    assert seen(page) == (["c13"],) * 3
    bar.get_by_label("About").select_option("selection")
    assert seen(page) == ([],) * 3
    assert at.quiet(), at.said + at.asked


def test_rows_that_are_sorted_keep_their_sections_and_downloads_have_what_is_shown(page_text, visit):
    at = visit(page_text)
    page = at.page
    for _ in range(2):
        page.locator("table.claims thead th", has_text="claim").first.get_by_role("button").click()
    assert seen(page)[0] == sorted(CLAIMS, reverse=True)
    page.get_by_label("About").select_option("forgotten")
    assert seen(page) == (["c13"],) * 3
    _, text = at.download(page.get_by_role("button", name="Download Verdicts as CSV"))
    assert len(text.splitlines()) == 2
    assert "c13" in text
    page.locator("figure.forests details.numbers > summary").click()
    numbers = page.locator("table.forests-numbers tbody tr:visible th")
    assert set(numbers.all_inner_texts()) == {"c13"}


def test_without_scripts_the_page_is_whole_and_has_no_filters(page_text, visit):
    page = visit(page_text, java_script_enabled=False).page
    assert page.locator("article.claim:visible").count() == len(CLAIMS)
    assert page.locator(".controls:visible").count() == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_everybody_can_use_filters_bars_and_printed_figures(page_text, visit, scheme, width):
    at = visit(page_text, scheme=scheme, width=width)
    page = at.page
    page.get_by_label("About").select_option("difficulty")
    assert page.locator("figure.bars svg:visible").count() == 2
    heights = (
        page.locator("figure.bars svg")
        .first.locator(".bar-0")
        .evaluate_all("(all) => all.map((bar) => bar.getBoundingClientRect().height)")
    )
    assert len(heights) == 10
    assert min(heights) > 0
    fill = page.locator("figure.bars .bar-0").first.evaluate("(bar) => getComputedStyle(bar).fill")
    assert fill not in {"rgb(0, 0, 0)", "none"}
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate('for (const scroll of document.querySelectorAll(".scroll")) scroll.style.background = "var(--card)"')
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    faults = [fault["id"] for fault in page.evaluate("axe.run()")["violations"] if fault["impact"] != "minor"]
    assert faults == []
    assert at.quiet(), at.said + at.asked
