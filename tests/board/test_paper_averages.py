"""The averages of 2504.06658, from the cells it prints, by the code that averages everybody's cells."""

from __future__ import annotations

import statistics
from fractions import Fraction
from pathlib import Path

import pytest

from fairforget.board.making.scores import cell_scores
from fairforget_tasks.paper.tables import paper_table


def as_averaged(number, completeness=(), utility=()):
    """A table as the columns of each average, their questions, and the numbers of every row."""
    table = paper_table(number)
    parts = {
        "completeness": table.columns["UC"].mean_of if "UC" in table.columns else completeness,
        "utility": table.columns["UT"].mean_of if "UT" in table.columns else utility,
    }
    rows = {
        row: {
            **{role: [found[name] for name in names] for role, names in parts.items()},
            **{name.lower(): found[name] for name in ("UC", "UT", "perplexity") if name in found},
        }
        for row, found in table.rows.items()
    }
    questions = {role: [table.columns[name].items for name in names] for role, names in parts.items()}
    return {**parts, "rows": rows, **({"questions": questions} if all(questions["utility"]) else {})}


ABILITY = ("zero_shot", "truthfulqa")
TABLES = {
    "tofu": as_averaged(1),
    "wmdp": as_averaged(4),
    "whp": as_averaged(5, ("seen_rouge_l", "unseen_rouge_l"), ABILITY),
    "safe": as_averaged(6, ("toxicity_real_toxicity_prompts", "toxicity_safe"), ABILITY),
}
ROWS = [(table, row) for table, found in TABLES.items() for row in found["rows"]]
PRINTED = [(table, row) for table, row in ROWS if "uc" in TABLES[table]["rows"][row]]
LOWER = {"wmdp", "whp", "safe"}
"""Where less is more completely forgotten; fairforget records 1 - value."""
ROUNDING = 1.001e-4
"""Half a digit of a cell and half a digit of the average."""
OTHERWISE = {
    ("tofu", "Original", "completeness"): 0.2065,
    ("tofu", "NPO", "completeness"): 0.9363,
    ("wmdp", "CGA", "completeness"): 0.2394,
    ("wmdp", "NPO+", "utility"): 0.5872,
}
"""What follows from the cells where the printed average does not; docs/explanation/paper-averages.md."""


def averages(factory, table, row):
    """The averages of a row, completeness turned back to what the paper prints."""
    found = TABLES[table]
    scores = {}
    for role in ("completeness", "utility"):
        for i, name in enumerate(found[role]):
            value = found["rows"][row][role][i]
            turned = role == "completeness" and table in LOWER
            weighed = {"weigh_by": "items", "n": found["questions"][role][i]} if "questions" in found else {}
            scores[name] = factory.make_score(1 - value if turned else value, role, **weighed)
    if perplexity := found["rows"][row].get("perplexity"):
        scores["perplexity"] = factory.make_score(perplexity, "utility", better="lower")
    scored = cell_scores(factory.read([factory.make_record(factory.make_cell(), scores=scores)])[0])
    back = 1 - scored.completeness if table in LOWER else scored.completeness
    return {"completeness": back, "utility": scored.utility}


@pytest.mark.parametrize(("table", "row"), PRINTED)
def test_printed_averages_follow_from_printed_cells_but_four(factory, table, row):
    found = averages(factory, table, row)
    for role, name in (("completeness", "uc"), ("utility", "ut")):
        printed = TABLES[table]["rows"][row][name]
        if (table, row, role) in OTHERWISE:
            assert abs(found[role] - printed) > 3 * ROUNDING
            assert found[role] == pytest.approx(OTHERWISE[table, row, role], abs=ROUNDING / 2)
        else:
            assert found[role] == pytest.approx(printed, abs=ROUNDING)


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_averages_are_those_of_exact_arithmetic(factory, table, row):
    found, cells = averages(factory, table, row), TABLES[table]["rows"][row]
    for role in ("completeness", "utility"):
        values = [Fraction(str(value)) for value in cells[role]]
        weights = TABLES[table].get("questions", {}).get(role, [1] * len(values))
        exact = sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
        assert found[role] == pytest.approx(float(exact), abs=1e-15)


def test_the_averages_of_wmdp_are_over_questions_and_not_over_subjects():
    rows = TABLES["wmdp"]["rows"]
    for row in ("GradDiff", "NPO", "GradDiff+", "NPO+"):
        assert abs(statistics.mean(rows[row]["completeness"]) - rows[row]["uc"]) > 0.01


def test_the_mean_gains_of_the_curriculum(factory):
    """The paper's text says 1.12 and 2.72 points."""
    pairs = [("SGA", "CGA"), ("GradDiff", "GradDiff+"), ("PO", "PO+"), ("NPO", "NPO+")]
    rows = TABLES["tofu"]["rows"]
    printed = [statistics.mean(rows[b][name] - rows[a][name] for a, b in pairs) for name in ("uc", "ut")]
    assert printed == pytest.approx([0.0114, 0.0272], abs=5e-5)
    own = [
        statistics.mean(averages(factory, "tofu", b)[role] - averages(factory, "tofu", a)[role] for a, b in pairs)
        for role in ("completeness", "utility")
    ]
    assert own == pytest.approx([0.01125, 0.02721], abs=5e-6)


PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "paper-averages.md"


@pytest.mark.parametrize(("table", "row", "role"), OTHERWISE)
def test_the_page_names_every_average_that_does_not_follow(factory, table, row, role):
    printed = TABLES[table]["rows"][row]["uc" if role == "completeness" else "ut"]
    (line,) = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and f"| {row} |" in line and f"{printed:.4f}"[1:] in line
    ]  # fmt: skip
    assert f"{averages(factory, table, row)[role]:.4f}"[1:] in line
