"""What was looked at on the way: its means, its columns and its drawing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.board.forms.html import render_html
from fairforget.board.page.curves import ways
from fairforget.board.table import build

from .read_off import coordinates, row, sheet


def looks(completeness, utility, every=10):
    """A trajectory; the columns are off the averages by +0.02, 0 and −0.02, as those of the factory."""
    return [
        {
            "update": i * every,
            "forward_equivalents": i * every * 24,
            "seconds": 0.1 * i,
            "scores": {"forget_rouge_l": c + 0.02, "forget_unlearning_accuracy": c - 0.02, "retain_accuracy": u},
        }
        for i, (c, u) in enumerate(zip(completeness, utility, strict=True))
    ]


@pytest.fixture(scope="module")
def looked_at(factory):
    paths = {
        "npo": [([0.0, 0.4, 0.8], [0.9, 0.8, 0.7]), ([0.1, 0.6], [1.0, 0.9]), ([0.2, 0.2, 0.5], [0.8, 0.7, 0.9])],
        "grad-diff": [([0.0, 0.2, 0.3], [0.9, 0.9, 0.9])] * 3,
    }
    return build(
        factory.read(
            [
                factory.make_record(factory.make_cell(method, index=i), trajectory=looks(*path))
                for method, drawn in paths.items()
                for i, path in enumerate(drawn)
            ]
        )
    )


def test_the_way_is_the_mean_over_forget_sets_and_an_ended_run_keeps_what_it_had(looked_at):
    found = row(looked_at, "npo").way
    assert [look.update for look in found] == [0, 10, 20]
    assert [look.completeness.mean for look in found] == pytest.approx([0.1, 0.4, (0.8 + 0.6 + 0.5) / 3])
    assert [look.utility.mean for look in found] == pytest.approx([0.9, 0.8, (0.7 + 0.9 + 0.9) / 3])
    assert [look.completeness.n for look in found] == [3, 3, 3]
    assert [look.forward_equivalents for look in found] == pytest.approx([0, 240, (480 + 240 + 480) / 3])
    half = stats.t.ppf(0.975, 2) * np.std([0.8, 0.6, 0.5], ddof=1) / 3**0.5
    assert found[2].completeness.half_width == pytest.approx(half)


def test_the_way_of_a_run_that_failed_ends_where_it_broke(factory):
    records = [
        factory.make_record(factory.make_cell(index=i), trajectory=looks([0.0, 0.5, 0.9], [0.9, 0.8, 0.7]))
        for i in range(3)
    ]
    records[1] |= {"status": "failed", "scores": {}, "trajectory": looks([0.0, 0.8], [0.9, 0.1])}
    found = row(build(factory.read(records)), "npo").way
    assert [look.completeness.n for look in found] == [3, 3, 2]
    assert found[1].completeness.mean == pytest.approx((0.5 + 0.8 + 0.5) / 3)
    assert found[2].completeness.mean == pytest.approx(0.9)


def test_the_page_says_which_columns_the_way_is_of(looked_at):
    found = sheet(looked_at, "way")
    assert [head.label for head in found.heads] == ["method", "average of", "target", "10 updates", "20 updates"]
    assert (
        "not those of the ranking, but of what was looked at: completeness of forget_rouge_l and forget_unl"
        in found.about
    )
    assert [line.cells[1].text for line in found.lines] == ["completeness", "utility"] * 2


def test_columns_outside_the_averages_stand_in_where_no_other_was_looked_at(factory):
    records = []
    for i in range(3):
        points = looks([0.0, 0.5], [0.9, 0.8])
        for point in points:
            point["scores"] = {
                "forget_probability": 0.1 * point["update"],
                "retain_accuracy": 0.9,
                "forget_perplexity": 7,
            }
        record = factory.make_record(factory.make_cell(index=i), trajectory=points)
        record["scores"]["forget_probability"] = factory.make_score(0.9, "completeness", average=False)
        records.append(record)
    board = build(factory.read(records))
    assert board.tables[0].on_the_way == ("forget_probability", "retain_accuracy")
    assert [look.completeness.mean for look in row(board, "npo").way] == [0.0, 1.0]
    assert "completeness of forget_probability and utility of retain_accuracy" in sheet(board, "way").about


def test_what_is_known_of_the_retain_set_stands_in_for_utility(factory):
    """Of retain_probability and holdout_perplexity only the former measures what a column of completeness does."""
    records = []
    for i in range(3):
        points = looks([0.0, 0.5], [0.9, 0.8])
        for point, kept in zip(points, (0.95, 0.7), strict=True):
            point["scores"] = {"forget_probability": 0.4, "retain_probability": kept, "holdout_perplexity": 7}
        record = factory.make_record(factory.make_cell(index=i), trajectory=points)
        loose = {"better": None, "average": False, "metric": "fairforget/probability"}
        record["scores"] |= {
            "forget_probability": factory.make_score(0.9, "completeness", **(loose | {"better": "higher"})),
            "retain_probability": factory.make_score(0.7, "diagnostic", **loose),
            "holdout_perplexity": factory.make_score(7.0, "diagnostic", **(loose | {"metric": "p", "on": "holdout"})),
        }
        records.append(record)
    board = build(factory.read(records))
    assert [look.utility.mean for look in row(board, "npo").way] == pytest.approx([0.95, 0.7])
    assert "completeness of forget_probability and utility of retain_probability." in sheet(board, "way").about


def test_the_drawing_has_the_numbers_of_the_table(looked_at):
    panels = ways(looked_at.tables[0])
    assert [panel.title for panel in panels] == [r.label for r in looked_at.tables[0].rows]
    panel = next(p for p in panels if p.title == "npo")
    (name, path), (other, _) = panel.lines
    assert (name, other) == ("completeness", "utility")
    found = coordinates(path)
    values = panel.y.low + (found[:, 1] - panel.y.start) / (panel.y.end - panel.y.start) * (panel.y.high - panel.y.low)
    assert values == pytest.approx([0.1, 0.4, 1.9 / 3], abs=1e-4)
    assert found[:, 0] == pytest.approx([34, (34 + 348) / 2, 348])
    assert render_html(looked_at).count('class="completeness"') == 2


def test_what_is_looked_at_on_the_way_parts_no_table(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i, **change))
        for method, change in (("npo", {}), ("idk", {"evaluation__trajectory": {"every": 5}}))
        for i in range(3)
    ]
    assert len(build(factory.read(records)).tables) == 1
