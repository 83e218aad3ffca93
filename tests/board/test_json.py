"""What ``board.json`` says, and that its page says so."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from pathlib import Path

import pytest

from fairforget.board.forms.json import plain, render_json
from fairforget.board.table import build
from fairforget.board.values import Board
from fairforget.stats.intervals import Estimate

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "board.md"


def values_in(kind):
    """All classes of values that one is made of."""
    found = {}

    def look(one):
        if dataclasses.is_dataclass(one):
            if one.__name__ not in found:
                found[one.__name__] = one
                for inner in typing.get_type_hints(one).values():
                    look(inner)
        elif typing.get_origin(one) is not None or isinstance(one, types.UnionType):
            for inner in typing.get_args(one):
                look(inner)

    look(kind)
    return found


@pytest.fixture(scope="module")
def study(factory):
    return factory.make_study(draws=3, methods={"npo": (0.8, 0.84), "idk": (0.55, 0.93)})


def test_every_key_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(r"^### The JSON$(.*?)^### ", text, re.DOTALL | re.MULTILINE)[1]
    named = set(re.findall(r"`([a-z_]+)`", section))
    kinds = values_in(Board)
    assert {"Table", "Row", "Estimate", "Compared", "Pair", "Components", "Chance"} <= set(kinds)
    for kind in kinds.values():
        missing = {field.name for field in dataclasses.fields(kind)} - named
        assert not missing, (kind.__name__, missing)


def test_how_rows_compare_is_written_down(factory, study):
    board = build(factory.read(study))
    found = json.loads(render_json(board))["tables"][0]["compared"]
    compared = board.tables[0].compared
    assert found["order"] == list(compared.order)
    assert [pair["p"] for pair in found["pairs"]] == pytest.approx([pair.p for pair in compared.pairs])
    assert found["rows"][compared.order[0]]["first"] == compared.rows[compared.order[0]].first
    assert found["null"]["expected"] == pytest.approx(math.acos(3**-0.5) / math.pi)


def test_a_last_digit_that_another_processor_computes_changes_no_byte(factory, study):
    board = build(factory.read(study))

    def nudged(value):
        if dataclasses.is_dataclass(value):
            changed = {field.name: nudged(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return dataclasses.replace(value, **changed)
        if isinstance(value, dict):
            return {name: nudged(inner) if dataclasses.is_dataclass(inner) else inner for name, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(nudged(inner) for inner in value)
        if not isinstance(value, float):
            return value
        return value * (1 + 2**-51) if abs(value) > 1e-16 else value + 1e-17

    assert nudged(board) != board
    assert render_json(nudged(board)) == render_json(board)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1 / 3, 0.333333333),
        (2e300 / 3, 6.66666667e299),
        (-0.1, -0.1),
        (-3e-17, 0.0),
        (math.inf, None),
        (math.nan, None),
    ],
)
def test_what_is_measured_has_nine_digits(value, said):
    assert plain(Estimate(value, None, None, 7, 0.5)) == {"mean": said, "low": None, "high": None, "n": 7, "sd": 0.5}


def test_options_stay_as_they_are():
    assert plain({"lr": 0.1234567890123, "eps": 1e-20, "inf": math.inf}) == {
        "lr": 0.1234567890123,
        "eps": 1e-20,
        "inf": None,
    }
