"""The forget sets of tuning."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget.run.tuning.draws import groups_of, tuning_draws
from fairforget.study.draws import forget_digest

SETTINGS = settings(derandomize=True, deadline=None, max_examples=150)


def people(sizes):
    return [Sample(f"{g}-{i}", "q", f"a{g}{i}", group=str(g)) for g, size in enumerate(sizes) for i in range(size)]


def drawn(samples, taken=(), *, unit="group", size=4, draws=2, seed=0, data="d"):
    return tuning_draws(samples, taken, data=data, unit=unit, size=size, draws=draws, seed=seed)


def group(name):
    return name.partition("-")[0]


@SETTINGS
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=12),
    st.data(),
    st.integers(4, 9),
    st.integers(1, 4),
    st.sampled_from(["group", "sample"]),
    st.integers(0, 3),
)
def test_no_group_is_shared_with_anything(sizes, data, size, draws, unit, seed):
    samples = people(sizes)
    taken = data.draw(st.sets(st.sampled_from([s.id for s in samples])))
    try:
        found = drawn(samples, taken, unit=unit, size=size, draws=draws, seed=seed)
    except FairforgetError:
        return  # when it is refused is the next test's
    touched = {group(name) for name in taken}
    for draw in found:
        assert draw.forget
        assert len(draw.forget) <= size
        assert not {group(name) for name in draw.forget} & touched
        assert draw.digest == forget_digest({s.id: s.digest() for s in samples if s.id in draw.forget})
    for one, other in itertools.combinations(found, 2):
        assert not set(one.forget) & set(other.forget)
        assert not {group(n) for n in one.forget} & {group(n) for n in other.forget}
    if unit == "sample":
        assert all(len(draw.forget) == size for draw in found)
    if unit == "group":
        for name in {group(n) for draw in found for n in draw.forget}:
            whole = {s.id for s in samples if s.group == name}
            assert any(whole <= set(draw.forget) for draw in found), "groups stay whole"


@SETTINGS
@given(st.integers(2, 20), st.integers(1, 4), st.integers(1, 3), st.data())
def test_groups_of_one_size_are_refused_exactly_where_they_do_not_suffice(groups, each, draws, data):
    samples = people([each] * groups)
    size = each * data.draw(st.integers(1, 3))
    taken = data.draw(st.sets(st.integers(0, groups - 1)))
    wanted, free = draws * size // each, groups - len(taken)
    ids = {f"{g}-0" for g in taken}
    if wanted <= free:
        assert all(len(draw.forget) == size for draw in drawn(samples, ids, size=size, draws=draws))
        return
    with pytest.raises(FairforgetError) as caught:
        drawn(samples, ids, size=size, draws=draws)
    left = f"the draws of the study leave {free} of the pool's {groups} groups"
    have = left if ids else f"the pool has {groups} groups"
    assert f"{have}; at least {wanted - free} groups are missing. " in str(caught.value)
    assert ("tuning.reserve" in str(caught.value)) is bool(ids), "where nothing is taken it would not help"


def test_the_message_says_the_mend():
    with pytest.raises(FairforgetError) as caught:
        drawn(people([2] * 5), {"0-0", "1-1", "2-0"}, size=4, draws=2)
    assert str(caught.value) == (
        "tuning: 2 forget sets of 4 samples, in groups of their own, are wanted, and the draws of the study leave 2 of "
        "the pool's 5 groups; at least 2 groups are missing. Write tuning.reserve: true to set them apart before the "
        "study draws; or lower draws, forget_size or tuning.draws, or give the task a larger pool"
    )


def test_single_samples_whose_groups_do_not_suffice_are_refused_with_the_numbers():
    """Five groups of three; a set of four samples has some of two groups at least, and one group is taken."""
    with pytest.raises(FairforgetError) as caught:
        drawn(people([3] * 5), {"2-1"}, unit="sample", size=4, draws=3)
    found = re.fullmatch(
        r"tuning: 3 forget sets of 4 samples, in groups of their own, are wanted, and the draws of the study leave 4 "
        r"of the pool's 5 groups, with 12 samples; set (\d) finds (\d) samples of groups that no other set has\. Write "
        r"tuning\.reserve: true .*",
        str(caught.value),
    )
    assert found is not None
    assert (int(found[1]), int(found[2])) < (4, 4)
    with pytest.raises(FairforgetError, match=r"and the pool has 15 samples in 5 groups; set . finds . samples"):
        drawn(people([3] * 5), unit="sample", size=4, draws=3)


def test_without_groups_it_is_samples_that_are_missing():
    samples = [Sample(str(i), "q", str(i)) for i in range(6)]
    with pytest.raises(FairforgetError, match="leave 5 of the pool's 6 samples; at least 1 samples are missing"):
        drawn(samples, {"0"}, unit="sample", size=3, draws=2)


def test_single_samples_are_drawn_as_long_as_groups_suffice():
    """A set of one sample takes one group."""
    samples = people([3] * 5)
    assert len(drawn(samples, unit="sample", size=1, draws=5)) == 5
    with pytest.raises(FairforgetError, match="set 6 finds 0 samples"):
        drawn(samples, unit="sample", size=1, draws=6)


def test_a_sample_keeps_its_whole_group_from_tuning_also_where_samples_are_drawn():
    found = drawn(people([3] * 4), {"0-0", "1-2"}, unit="sample", size=3, draws=2)
    assert {group(name) for draw in found for name in draw.forget} == {"2", "3"}


def test_they_depend_on_data_size_and_seed_and_on_what_is_taken_as_little_as_possible():
    samples = people([2] * 30)
    first = drawn(samples)
    assert drawn(samples) == first
    assert drawn(samples, seed=1) != first
    assert drawn(samples, data="other") != first
    spared = next(s.id for s in samples if all(group(s.id) != group(n) for draw in first for n in draw.forget))
    assert drawn(samples, {spared}) == first
    assert drawn(samples, {first[1].forget[0]})[0] == first[0]


@SETTINGS
@given(st.lists(st.integers(1, 3), min_size=4, max_size=10), st.integers(1, 2))
def test_what_is_reserved_is_whole_groups(sizes, draws):
    samples = people(sizes)
    try:
        found = drawn(samples, unit="sample", size=2, draws=draws)
    except FairforgetError:
        assume(False)
    reserved = groups_of(samples, found)
    assert {n for draw in found for n in draw.forget} <= reserved
    assert reserved == {s.id for s in samples if s.group in {group(name) for name in reserved}}


def test_samples_without_groups_are_groups_of_their_own():
    samples = [Sample(str(i), "q", str(i)) for i in range(6)]
    found = drawn(samples, {"0", "1"}, unit="sample", size=2, draws=2)
    assert {name for draw in found for name in draw.forget} == {"2", "3", "4", "5"}
    assert groups_of(samples, found) == {"2", "3", "4", "5"}
