"""Draws: deterministic, independent of everything but what they are, and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import PluginSpec, Pool, Sample, Sampler
from fairforget.errors import FairforgetError
from fairforget.study.draws import Draw, DrawSpec, check_pool, draw_sets, unit_of
from fairforget.study.draws_file import DrawsUnusable, read_draws, write_draws
from fairforget.study.options import Built, build
from fairforget.study.overlap import overlaps

DATA = "d" * 64


def samples(groups=5, each=4):
    return tuple(Sample(f"{g}-{i}", "q", f"a{g}{i}", group=f"g{g}") for g in range(groups) for i in range(each))


def pool(groups=5, each=4, whole=True):
    found = samples(groups, each)
    return Pool(found, np.ones(len(found)), whole_groups=whole)


@pytest.fixture
def random(registry):
    return build(registry, "sampler", PluginSpec("random"))


@pytest.fixture
def binned(registry):
    return build(registry, "sampler", PluginSpec("binned"))


def test_every_stratum_and_index_is_drawn(binned):
    draws = draw_sets(binned, pool(), data=DATA, size=8, draws=2)
    assert [(d.stratum, d.index) for d in draws] == [(f"bin-{b}", i) for b in range(3) for i in range(2)]
    assert all(d.unit == "group" and d.size == 8 and len(d.forget) == 8 for d in draws)
    assert all(d.sampler == binned.to_json() for d in draws)


def test_the_stream_of_a_draw_is_what_it_was():
    # Pinned: when this fails, no study of before is drawn again as it was.
    spec = DrawSpec({"name": "fairforget/random", "options": {}, "dist_version": "0.1.0"}, "random", 0, "group", 8)
    assert int(spec.generator(DATA).bit_generator.random_raw()) == 12393250652896322881


def test_ids_stand_in_the_order_of_the_pool(random):
    order = {s.id: i for i, s in enumerate(pool().samples)}
    for draw in draw_sets(random, pool(whole=False), data=DATA, size=7, draws=10):
        assert list(draw.forget) == sorted(draw.forget, key=order.__getitem__)


def test_a_draw_does_not_depend_on_how_many_are_asked_for(random, binned):
    few = draw_sets(binned, pool(), data=DATA, size=8, draws=2)
    many = draw_sets(binned, pool(), data=DATA, size=8, draws=6)
    assert set(map(repr, few)) <= set(map(repr, many))
    draw_sets(random, pool(), data=DATA, size=8, draws=3)
    assert draw_sets(binned, pool(), data=DATA, size=8, draws=2) == few


def test_draws_depend_on_data_sampler_stratum_and_index(registry, random):
    def first(sampler, data=DATA):
        return draw_sets(sampler, pool(20, 1, whole=False), data=data, size=10, draws=1)[0].forget

    other = build(registry, "sampler", PluginSpec("random", {"with_replacement": True}))
    found = {
        first(random),
        first(random, "x"),
        first(other),
        *(d.forget for d in draw_sets(random, pool(20, 1, whole=False), data=DATA, size=10, draws=5)[1:]),
        *(
            d.forget
            for d in draw_sets(
                build(registry, "sampler", PluginSpec("binned")), pool(20, 1, whole=False), data=DATA, size=10, draws=1
            )
        ),
    }
    assert len(found) == 10


def test_a_release_of_the_sampler_changes_no_draw(registry, random):
    registry.add("sampler", "newer", registry.load(random.entry), version="9.9")
    entry = random.entry
    newer = Built(type(entry)(entry.kind, entry.name, entry.dist, "9.9", entry.target, "", entry.plugin), random.plugin)
    assert [d.forget for d in draw_sets(newer, pool(), data=DATA, size=8, draws=3)] == [
        d.forget for d in draw_sets(random, pool(), data=DATA, size=8, draws=3)
    ]


def test_the_digest_is_of_the_ids_and_their_texts(random):
    (draw,) = draw_sets(random, pool(), data=DATA, size=20, draws=1)
    mirrored = Pool(tuple(reversed(pool().samples)), np.ones(20), whole_groups=True)
    (same,) = draw_sets(random, mirrored, data=DATA, size=20, draws=1)
    assert draw.digest == same.digest
    reworded = (Sample("0-0", "q", "another answer", group="g0"), *pool().samples[1:])
    (other,) = draw_sets(random, Pool(reworded, np.ones(20), whole_groups=True), data=DATA, size=20, draws=1)
    assert other.forget == draw.forget
    assert other.digest != draw.digest


def test_generators_of_different_draws_are_different_streams():
    sampler = {"name": "a/b", "options": {"x": 1}, "dist_version": "1"}
    specs = [DrawSpec(sampler, s, i, "sample", 4) for s in ("easy", "hard") for i in range(20)]
    assert len({spec.generator(DATA).integers(2**62) for spec in specs}) == 40
    whole = DrawSpec({**sampler, "options": {"x": 1.0}}, "easy", 0, "group", 9)
    assert whole.generator(DATA).integers(2**62) == specs[0].generator(DATA).integers(2**62)


@dataclass(frozen=True)
class Pairs(Sampler):
    """Draws a number, and the sample of that number from the half that the stratum names."""

    paired_strata = True

    @property
    def strata(self):
        return ("left", "right")

    def draw(self, pool, stratum, size, rng):
        place = int(rng.integers(10))
        return [pool.samples[place + 10 * (stratum == "right")].id]


def test_paired_strata_share_the_random_numbers_of_an_index(registry):
    def numbers(plugin):
        registry.add("sampler", f"pairs-{plugin.paired_strata}", type(plugin))
        found = {"left": [], "right": []}
        built = Built(registry.find("sampler", f"pairs-{plugin.paired_strata}"), plugin)
        for draw in draw_sets(built, pool(20, 1, whole=False), data=DATA, size=1, draws=12):
            found[draw.stratum].append(int(draw.forget[0].split("-")[0]) % 10)
        return found

    class Apart(Pairs):
        paired_strata = False

    together, apart = numbers(Pairs()), numbers(Apart())
    assert together["left"] == together["right"]
    assert len(set(together["left"])) > 3  # another stream for every index
    assert apart["left"] != apart["right"]


@dataclass(frozen=True)
class Wrong(Sampler):
    """Returns whatever it was told to."""

    result: Any = field(default=None)

    @property
    def strata(self):
        return ("only",)

    def draw(self, pool, stratum, size, rng):
        if isinstance(self.result, str) and self.result.startswith("raise"):
            raise (FairforgetError if self.result == "raise ours" else KeyError)("the stratum is empty")
        return self.result


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, "the plugin returned NoneType and no list of sample ids"),
        ("0-0", "the plugin returned str and no list of sample ids"),
        ({"0-0": 1}, "the plugin returned dict and no list of sample ids"),
        ([], "the plugin returned no sample; the stratum is empty"),
        ([0, 1], "the plugin returned ids that are no texts"),
        (["0-0", "9-9", "x\n"], "the plugin returned ids that are not in the pool: '9-9', 'x\\n'"),
        (["0-0", "0-1", "0-2", "0-3", "0-0"], "the plugin returned 1 of its ids more than once"),
        (
            [f"{g}-{i}" for g in range(3) for i in range(4)],
            "the plugin returned 12 samples where at most 8 were asked for",
        ),
        (["0-0", "0-1"], "the plugin returned 2 of the 4 samples of group 'g0'; groups are drawn whole"),
        ("raise ours", "the stratum is empty"),
        ("raise theirs", "the plugin failed: KeyError: 'the stratum is empty'"),
    ],
)
def test_what_is_no_forget_set(registry, result, expected):
    registry.add("sampler", "wrong", Wrong, dist="acme")
    entry = registry.find("sampler", "wrong")
    with pytest.raises(FairforgetError) as caught:
        draw_sets(Built(entry, Wrong(result)), pool(), data=DATA, size=8, draws=1)
    assert str(caught.value) == f"sampler acme/wrong, stratum 'only', draw 0: {expected}"


def test_single_samples_may_come_from_anywhere(registry):
    registry.add("sampler", "wrong", Wrong)
    entry = registry.find("sampler", "wrong")
    (draw,) = draw_sets(Built(entry, Wrong(("1-0", "0-0"))), pool(whole=False), data=DATA, size=8, draws=1)
    assert (draw.forget, draw.unit, draw.size) == (("0-0", "1-0"), "sample", 8)


def test_a_forget_size_larger_than_the_pool(random):
    with pytest.raises(FairforgetError) as caught:
        draw_sets(random, pool(), data=DATA, size=21, draws=1)
    assert str(caught.value) == "forget_size: 21 samples are wanted, and the pool has 20; lower forget_size"
    check_pool(samples(), "group", 20)


def test_a_group_larger_than_the_forget_size():
    mixed = (*samples(3, 2), *(Sample(f"big-{i}", "q", "a", group="big") for i in range(5)))
    with pytest.raises(FairforgetError) as caught:
        check_pool(mixed, "group", 4)
    assert str(caught.value) == (
        "forget_size: 1 of 4 groups are larger than 4 samples and could never be drawn (the largest, 'big', has 5); "
        "raise forget_size to 5 or more, or write unit: sample"
    )
    check_pool(mixed, "sample", 4)
    check_pool(mixed, "group", 5)


def test_units():
    alone = (Sample("a", "q", "x"), Sample("b", "q", "y"))
    assert unit_of(None, samples()) == "group"
    assert unit_of("sample", samples()) == "sample"
    assert unit_of(None, alone) == "sample"
    with pytest.raises(FairforgetError, match="the samples of this task have no groups"):
        unit_of("group", alone)


def drawn(*sets, stratum="random"):
    return [Draw({"name": "a/b"}, stratum, i, "sample", 4, tuple(s), "".join(s)) for i, s in enumerate(sets)]


def test_overlap_by_hand():
    found = overlaps([*drawn("abcd", "cdef", "abcd"), *drawn("xy", stratum="one")])
    assert [(o.sampler, o.stratum, o.draws, o.repeated) for o in found] == [
        ("a/b", "random", 3, 1),
        ("a/b", "one", 1, 0),
    ]
    assert found[0].mean == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert found[0].largest == 1
    assert (found[1].mean, found[1].largest) == (0, 0)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=2, max_size=6))
def test_overlap_against_pairs_of_sets(sets):
    (found,) = overlaps(drawn(*map(sorted, sets)))
    shares = [len(a & b) / min(len(a), len(b)) for a, b in combinations(sets, 2)]
    assert found.mean == pytest.approx(sum(shares) / len(shares))
    assert found.largest == pytest.approx(max(shares))


@pytest.fixture
def written(tmp_path, binned):
    path = tmp_path / "new" / "draws.json"
    draws = draw_sets(binned, pool(), data=DATA, size=8, draws=2)
    write_draws(path, draws, data=DATA)
    return path, draws


def test_files_of_draws(written):
    path, draws = written
    assert read_draws(path, samples(), data=DATA) == draws
    assert [p.name for p in path.parent.iterdir()] == ["draws.json"]


def test_writing_is_deterministic(written):
    path, draws = written
    before = path.read_bytes()
    write_draws(path, draws, data=DATA)
    assert path.read_bytes() == before


def unusable(path, data=DATA, pool_samples=None):
    with pytest.raises(DrawsUnusable) as caught:
        read_draws(path, samples() if pool_samples is None else pool_samples, data=data)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_a_missing_torn_or_foreign_file(written):
    path, _ = written
    assert "cannot be read: No such file" in unusable(path.with_name("other.json"))
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        assert "is torn" in unusable(path)
    path.write_text("[]", encoding="utf-8")
    assert "has not the schema 1" in unusable(path)


def test_an_edited_file(written):
    path, _ = written
    found = json.loads(path.read_text(encoding="utf-8"))
    found["draws"][0]["index"] = 7
    path.write_text(json.dumps(found), encoding="utf-8")
    assert "was changed after it was written" in unusable(path)


def test_other_data(written):
    path, _ = written
    assert "was made of other data" in unusable(path, data="x")
    fewer = "names samples that the pool has not, or has with other texts"
    assert fewer in unusable(path, pool_samples=samples(3, 4))
    reworded = tuple(Sample(s.id, "other", s.completion, group=s.group) for s in samples())
    assert fewer in unusable(path, pool_samples=reworded)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.one_of(
        st.none(), st.just([3]), st.just("x"), st.just({"a": 1}), st.just([[]]), st.just([{"forget": [[1]]}]),
        st.just([{"sampler": 3, "stratum": 1, "index": 0, "unit": 1, "size": 1, "forget": ["0-0"], "digest": 3}]),
    )
)  # fmt: skip
def test_a_sound_checksum_does_not_make_a_file_of_draws(tmp_path_factory, draws):
    from fairforget.api.sample import digest_of

    path = tmp_path_factory.getbasetemp() / "hostile.json"
    content = {"schema": 1, "data": DATA, "draws": draws}
    path.write_text(json.dumps({**content, "sha256": digest_of(content)}), encoding="utf-8")
    assert "is no file of draws" in unusable(path)


def test_a_sampler_that_draws_again_what_is_taken_is_refused(binned):
    with pytest.raises(FairforgetError, match=r"8 samples that an earlier draw of the stratum has.*disjoint: true"):
        draw_sets(binned, pool(2), data=DATA, size=8, draws=2, disjoint=True)


def test_too_few_samples_for_disjoint_draws_are_known_before_anything_is_trained():
    check_pool(samples(), "group", 8, 2)
    with pytest.raises(FairforgetError, match=r"3 forget sets of 8 samples are wanted that share none.*20 samples"):
        check_pool(samples(), "group", 8, 3)
    with pytest.raises(FairforgetError, match="share none"):
        check_pool(samples(), "sample", 11, 2)
