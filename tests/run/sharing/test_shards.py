from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.sharing.shards import Shard
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan


def cells_of(sizes):
    """Cells of so many cells a forget set, dealt out as a study does: draw by draw."""
    return {f"{place}-{i}": {"draw": {"digest": str(place)}} for place, size in enumerate(sizes) for i in range(size)}


SIZES = st.lists(st.integers(1, 6), max_size=12)


@given(SIZES, st.integers(1, 30))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_the_parts_are_the_whole_and_no_cell_is_in_two(sizes, count):
    cells = cells_of(sizes)
    parts = [Shard(number, count).of(cells) for number in range(1, count + 1)]
    assert Counter(key for part in parts for key in part) == Counter(list(cells))
    for part in parts:
        assert list(part) == [key for key in cells if key in part], "the order of the study"
        assert all(part[key] is cells[key] for key in part)


@given(SIZES, st.integers(1, 30))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_the_cells_of_a_forget_set_stay_together_as_far_as_there_are_sets(sizes, count):
    cells = cells_of(sizes)
    parts = [Shard(number, count).of(cells) for number in range(1, count + 1)]
    sets = [{cell["draw"]["digest"] for cell in part.values()} for part in parts]
    if count <= len(sizes):
        assert sum(map(len, sets)) == len(sizes), "each set in one part"
        assert max(map(len, sets)) - min(map(len, sets)) <= 1
    else:
        assert all(len(one) <= 1 for one in sets), "no part has two sets while a set has two parts"


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 12))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_equal_forget_sets_are_dealt_evenly(sets, size, count):
    parts = [len(Shard(number, count).of(cells_of([size] * sets))) for number in range(1, count + 1)]
    assert max(parts) - min(parts) <= (size if count <= sets else -(-size // (count // sets)))


def test_a_part_is_the_same_whatever_the_rest_is_called():
    """It depends on the order of the forget sets, not on keys: those change with what tuning chooses."""
    mine = Shard(2, 3).of(cells_of([2, 2, 2, 2, 2]))
    other = Shard(2, 3).of({key[::-1]: cell for key, cell in cells_of([2, 2, 2, 2, 2]).items()})
    assert [cell["draw"]["digest"] for cell in mine.values()] == ["1", "1", "4", "4"]
    assert [cell["draw"] for cell in other.values()] == [cell["draw"] for cell in mine.values()]


def test_the_same_forget_set_drawn_twice_is_one():
    cells = {"a": {"draw": {"digest": "x"}}, "b": {"draw": {"digest": "y"}}, "c": {"draw": {"digest": "x"}}}
    assert list(Shard(1, 2).of(cells)) == ["a", "c"]


@pytest.mark.parametrize("text", ["1/1", "1/2", "2/2", "007/010"])
def test_what_is_read(text):
    number, count = map(int, text.split("/"))
    assert Shard.parse(text) == Shard(number, count)


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/-2", "a/b", "1/2/3", " 1/2", "1.0/2", "½", "٢/٣", "1/9999999"]
)
def test_what_is_refused(text):
    with pytest.raises(FairforgetError, match=r"write I/N, part I of N, with I from 1 to N: --shard 1/"):
        Shard.parse(text)


def test_the_share_of_a_plan_is_that_of_its_cells():
    text = (
        "name: x\ntask: {name: biographies}\ndraws: 5\nforget_size: 4\nseeds: 2\nbudget: {updates: 3}\n"
        "optimizer: {lr: 1.0e-3, batch_size: 4}\nmethods: [untouched, {name: retrain, draws: 1}, npo]\n"
    )
    found = parse_study(text, "study.yaml", [])
    plan = make_plan(found.study, Registry.discover(), found.places)
    shares = [Shard(number, 3).share(plan) for number in (1, 2, 3)]
    assert sum(shares) == len(plan)
    one, first = len(plan) // 5, max(shares)
    assert first > one
