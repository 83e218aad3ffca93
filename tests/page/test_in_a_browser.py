from __future__ import annotations

import csv
import io
import json

import pytest

from fairforget.board.table import build


@pytest.fixture(scope="module")
def board(factory):
    study = factory.make_study()
    return build(factory.read(study), planned=[r["key"] for r in study])


@pytest.fixture(scope="module")
def two_tables(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i, task__version=version, budget__amount=amount), 0.8, 0.7)
        for method in ("npo", "idk")
        for i in range(3)
        for version, amount in ((1, 5), (1, 9), (2, 5))
    ]
    return build(factory.read(records))


def labels(page, table="table.ranking"):
    return page.locator(f"{table} tbody tr:visible th").all_inner_texts()


def column(page, name):
    """Return the values of a column of the ranking in the order of the page; None for an empty cell."""
    heads = page.locator("table.ranking thead th").all_inner_texts()
    i = next(i for i, head in enumerate(heads) if head.startswith(name))
    orders = page.locator("table.ranking tbody:first-of-type tr").evaluate_all(
        "(rows, i) => rows.map((row) => row.cells[i].dataset.order ?? null)", i
    )
    return [None if value is None else float(value) for value in orders]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_is_quiet_asks_nobody_and_fits(board, visit, width, scheme):
    at = visit(board, width=width, scheme=scheme)
    assert at.page.evaluate("document.documentElement.scrollWidth") == width
    assert at.page.locator("article").count() == 1
    assert at.page.locator("svg:visible").count() > 10
    at.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert at.page.evaluate("document.documentElement.scrollWidth") == width
    assert at.quiet(), at.said + at.asked


def test_a_click_sorts_and_reference_rows_stay_below(board, visit):
    page = visit(board).page
    before = labels(page)
    head = page.locator("table.ranking thead th", has_text="utility")
    head.get_by_role("button").click()
    values = column(page, "utility")
    assert values == sorted(values, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert labels(page) != before
    assert labels(page)[-2:] == ["untouched", "retrain"]
    head.get_by_role("button").click()
    assert column(page, "utility") == sorted(values)
    page.locator("table.ranking thead th", has_text="method").get_by_role("button").click()
    assert labels(page)[:-2] == sorted(before[:-2])
    assert head.get_attribute("aria-sort") is None


def test_the_keyboard_sorts_and_comes_to_everything(board, visit):
    page = visit(board).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the board"
    page.locator("table.ranking thead th", has_text="completeness").get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert column(page, "completeness") == sorted(column(page, "completeness"), reverse=True)
    summary = page.locator("figure.scores summary").first
    summary.focus()
    page.keyboard.press("Space")
    assert page.locator("figure.scores table").first.is_visible()


def test_a_kind_of_forget_set_can_be_looked_at_alone(board, visit):
    at = visit(board)
    page = at.page
    every = page.locator("table.strata thead th:visible").count()
    page.locator("[data-filter=stratum]").select_option(label="hard")
    shown = page.locator("table.strata thead th:visible").all_inner_texts()
    assert [name.split(",")[0] for name in shown[1:]] == ["completeness", "utility"]
    assert all("hard" in name for name in shown[1:])
    assert page.locator("table.strata tbody tr").first.locator("td:visible").count() == 2
    assert page.locator("figure.scores svg:visible").count() == 1
    assert "hard" in page.locator("figure.scores svg:visible").text_content()
    assert "1 table of 1" in page.locator("output").inner_text()
    page.get_by_role("button", name="Show everything").click()
    assert page.locator("table.strata thead th:visible").count() == every
    assert page.locator("figure.scores svg:visible").count() == 4
    assert page.locator("output").inner_text() == ""
    assert at.quiet()


def test_rows_are_found_by_a_part_of_their_name(board, visit):
    page = visit(board).page
    page.locator("[data-filter=row]").fill("GRAD-a")
    assert labels(page) == ["grad-ascent + mrd-weighted", "grad-ascent"] or all(
        label.startswith("grad-ascent") for label in labels(page)
    )
    assert 0 < len(labels(page)) < 10
    assert page.locator("figure.plane g[data-row]").count() > page.locator("figure.plane g.dim").count() > 0
    page.locator("[data-filter=row]").fill("")
    assert len(labels(page)) == 10


def test_tables_are_filtered_by_task_and_budget(two_tables, visit):
    page = visit(two_tables).page
    tables = len(two_tables.tables)
    assert tables == 3
    assert page.locator("article:visible").count() == tables
    page.locator("[data-filter=task]").select_option(label="biographies v2")
    assert page.locator("article:visible h2").all_text_contents() == ["biographies v2"]
    page.locator("[data-filter=budget]").select_option(label="at most 9 epochs")
    assert page.locator("article:visible").count() == 0
    assert page.locator("output").inner_text().startswith("Shown: 0 tables of 3")
    page.locator("[data-filter=task]").select_option(label="all")
    assert page.locator("article:visible").count() == 1
    assert "at most 9 epochs" in page.locator("article:visible .setting").inner_text()


def test_numbers_are_taken_along_with_every_digit(board, visit):
    at = visit(board)
    name, text = at.download(at.page.get_by_role("button", name="Download Ranking as CSV"))
    assert name == "biographies-v1-ranking.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    by_label = {row["method"]: row for row in rows}
    for row in board.tables[0].rows:
        found, score = by_label[row.label], row.headline.score
        assert float(found["utility: mean"]) == row.headline.utility.mean
        assert float(found["utility: low"]) == row.headline.utility.low
        assert float(found["utility: high"]) == row.headline.utility.high
        assert int(found["utility: n"]) == row.headline.utility.n
        (key,) = [key for key in found if key.startswith("score") and key.endswith("mean")]
        assert float(found[key]) == score.mean
    assert len(rows) == len(board.tables[0].rows)
    assert at.quiet()


def test_figures_have_their_numbers_and_only_what_is_shown_is_taken(board, visit):
    at = visit(board)
    at.page.locator("[data-filter=row]").fill("npo")
    at.page.locator("[data-filter=stratum]").select_option(label="easy")
    button = at.page.get_by_role("button", name="Download Score by kind of forget set as JSON")
    name, text = at.download(button)
    assert name == "biographies-v1-scores.json"
    found = json.loads(text)
    assert found["table"] == "biographies v1"
    assert found["setting"].startswith("The same for every method")
    assert [column.split()[0] for column in found["columns"]] == ["method", "easy"]
    rows = {row.label: row.strata["easy"].figures.score for row in board.tables[0].rows if "npo" in row.label}
    assert {label for label, _ in found["rows"]} == set(rows)
    for label, score in found["rows"]:
        want = rows[label]
        assert score == {"mean": want.mean, "low": want.low, "high": want.high, "n": want.n}


def test_every_download_can_be_read(board, visit):
    at = visit(board)
    names = set()
    for button in at.page.get_by_role("button", name="Download").all():
        name, text = at.download(button)
        at.page.wait_for_timeout(120)  # Chromium takes ten downloads at once for an attack
        assert name not in names
        names.add(name)
        if name.endswith("csv"):
            first, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
            assert len(set(first)) == len(first)
        else:
            found = json.loads(text)
            first, rows = found["columns"], found["rows"]
        assert rows, name
        assert {len(row) for row in rows} == {len(first)}, name
    assert len(names) == at.page.locator("table").count() * 2
    assert at.quiet()


def test_several_tables_are_listed_with_who_is_ahead(two_tables, visit):
    page = visit(two_tables).page
    links = page.locator("nav.tables a")
    assert links.count() == 3
    for link, table in zip(links.all(), two_tables.tables, strict=True):
        assert f"v{table.task['version']}" in link.inner_text()
        assert f"at most {table.budget['amount']} epochs" in link.inner_text()
        assert page.locator(link.get_attribute("href")).count() == 1


def test_every_figure_has_a_table_and_a_download(board, visit):
    page = visit(board).page
    for figure in page.locator("figure").all():
        kind = figure.get_attribute("class").split()[0]
        table = figure.locator("table")
        beside = page.locator(f"section.sheet table.{'forgetting' if kind == 'survival' else kind}")
        assert table.count() + beside.count() == 1, kind
        assert figure.locator(".tools button").count() == 2 * table.count()
    for sheet in page.locator("section.sheet").all():
        assert sheet.get_by_role("button", name="Download").count() == 2


def test_without_a_script_the_page_is_whole(board, visit):
    page = visit(board, java_script_enabled=False).page
    assert page.locator("table.ranking").is_visible()
    assert page.locator("svg").first.is_visible()
    assert not page.locator(".controls").is_visible()
    page.locator("figure.plane details.numbers > summary").click()
    assert page.locator("figure.plane table").is_visible()


def test_the_policy_of_the_page_lets_nothing_else_run(board, visit):
    at = visit(board)
    at.page.evaluate(
        """() => {
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hit = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.hit = 2";
            document.body.append(script);
        }"""
    )
    at.page.wait_for_timeout(100)
    assert at.page.evaluate("window.hit") is None
    assert any("Content Security Policy" in line for line in at.said)


def test_the_page_can_be_printed(board, visit):
    page = visit(board).page
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert not page.locator(".tools").first.is_visible()
    assert page.locator("table.ranking").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_sixteen_rows_fit_and_their_matrix_scrolls_by_key_on_a_phone(factory, visit):
    methods = {f"method-{i}": (0.4 + 0.05 * i, 0.9) for i in range(8)}
    found = build(factory.read(factory.make_study(oracle_draws=5, methods=methods)))
    page = visit(found, width=1400).page
    for table in ("ranking", "standing"):
        wide, room = page.locator(f".scroll:has(table.{table})").evaluate("(e) => [e.scrollWidth, e.clientWidth]")
        assert wide <= room, table
    page = visit(found, width=390).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    matrix = page.locator("figure.beats .panels")
    assert matrix.evaluate("(e) => e.scrollWidth > e.clientWidth")
    matrix.focus()
    page.keyboard.press("ArrowRight")
    moved = 0
    for _ in range(40):  # scrolling is smooth
        page.wait_for_timeout(50)
        moved = moved or matrix.evaluate("(e) => e.scrollLeft")
    assert moved > 0


def test_a_long_name_parts_at_its_underscores_and_is_taken_along_whole(board, visit):
    page = visit(board).page
    names = [column.name for column in board.tables[0].columns]
    assert sum("_" in name for name in names) > 2
    found = page.locator("table.columns").evaluate("(t) => [...t.querySelectorAll('wbr')].length")
    assert found == sum(name.count("_") for name in names)
    told = " ".join(page.locator("table.columns th").evaluate_all("(heads) => heads.map((head) => head.textContent)"))
    assert all(name in told for name in names)
