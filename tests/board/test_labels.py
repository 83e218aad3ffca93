"""Names in a figure: none covers another or a mark, none leaves the figure."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.page.labels import CHARACTER, place_labels

FRAME = (42.0, 348.0, 10.0, 300.0)
SPOTS = st.lists(st.tuples(st.floats(42, 348), st.floats(10, 300)), min_size=1, max_size=40, unique=True)


def area(label):
    wide = CHARACTER * len(label.text)
    left = label.x if label.anchor == "start" else label.x - wide
    return left, left + wide, label.y - 9, label.y + 2


def apart(one, other):
    return one[1] <= other[0] + 0.1 or other[1] <= one[0] + 0.1 or one[3] <= other[2] + 0.1 or other[3] <= one[2] + 0.1


@settings(deadline=None, derandomize=True, max_examples=100)
@given(SPOTS, st.integers(1, 28))
def test_however_many_there_are_they_stay_inside_and_apart(spots, length):
    labels = place_labels(["n" * length] * len(spots), spots, FRAME)
    assert len(labels) == len(spots)
    areas = [area(label) for label in labels if label]
    for left, right, top, bottom in areas:
        assert (left, top) >= (FRAME[0], FRAME[2] - 9)
        assert right <= FRAME[1] + 11
        assert bottom <= FRAME[3] + 5
    assert all(apart(one, other) for one, other in itertools.combinations(areas, 2))
    marks = [(x, x, y, y) for x, y in spots]
    assert all(apart(found, mark) for found in areas for mark in marks)


def test_few_have_all_their_names():
    spots = [(60 + 30 * i, 40 + 25 * i) for i in range(9)]
    assert None not in place_labels([f"method-{i}" for i in range(9)], spots, FRAME)


def test_in_a_crowd_those_that_stand_alone_and_the_first_have_names():
    crowd = [(200 + i % 6, 150 + i // 6) for i in range(38)]
    labels = place_labels([f"a rather long name {i}" for i in range(40)], [*crowd, (60, 20), (60, 290)], FRAME)
    assert None in labels
    assert labels[38] is not None
    assert labels[39] is not None
    named = [i for i, label in enumerate(labels[:38]) if label]
    assert named[0] == 0


def test_a_leader_ends_at_its_name():
    labels = place_labels(["name"] * 12, [(200, 150 + i) for i in range(12)], FRAME)
    led = [label for label in labels if label and label.leader]
    assert led
    for label in led:
        start = label.x - 2 if label.anchor == "start" else label.x + 2
        assert label.leader[0] == pytest.approx(start, abs=0.01)
