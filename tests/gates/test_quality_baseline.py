"""Baselines: what is written is what is read, and another benchmark is never compared."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.testing.quality import Column, Scores
from fairforget.testing.quality.baseline import baseline_path, read_baseline, write_baseline
from fairforget.testing.quality.judging import judge
from fairforget.testing.quality.unlike import unlike

COMMITTED = sorted((Path(__file__).parents[2] / "benchmarks" / "quality" / "baselines").glob("*.json"))


def scores():
    retain = {"r1": 0.25, "r2": 1 / 3}
    columns = {
        "ua": Column("completeness", "forget", {"d0": 0.5, "d1": 1.0}, {"d0": {"a": 0.0, "b": 1.0}, "d1": {"c": 1.0}}),
        "mia": Column("completeness", "forget", {"d0": 0.1, "d1": 0.2}, {"d0": {"a": 9.0}, "d1": {"c": 7.0}}, False),
        "rouge": Column("utility", "retain", dict.fromkeys(("d0", "d1"), 7 / 24), {"d0": retain, "d1": retain}),
    }  # fmt: skip
    return Scores(
        "npo", {"name": "npo", "beta": 0.1}, {"task": "t"}, columns, {"random": ["d0", "d1"]}, {"random": 0.5}
    )


def rounded(found):
    def of(column):
        items = {d: {i: round(v, 6) if column.averaged else 0.0 for i, v in x.items()} for d, x in column.items.items()}
        return replace(column, values={d: round(v, 6) for d, v in column.values.items()}, items=items)

    return replace(found, columns={name: of(column) for name, column in found.columns.items()})


def test_what_is_written_is_read(tmp_path):
    path = baseline_path(tmp_path / "new", "npo")
    write_baseline(path, scores())
    found = read_baseline(path)
    assert found.scores == rounded(scores())
    assert found.digest == scores().digest != found.scores.digest
    first = path.read_bytes()
    write_baseline(path, scores())
    assert path.read_bytes() == first
    assert all(len(line) < 300 for line in first.decode().splitlines())


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.dictionaries(st.text(min_size=1), st.floats(-1e6, 1e6), min_size=1, max_size=5), st.text(min_size=1))
def test_any_items_and_names_come_back(tmp_path_factory, items, draw):
    column = Column("score", "items", {draw: math.fsum(items.values())}, {draw: items})
    given_scores = Scores("any", {}, {}, {"c": column}, {"groups": [draw]})
    path = tmp_path_factory.mktemp("any") / "any.json"
    write_baseline(path, given_scores)
    assert read_baseline(path).scores == rounded(given_scores)


def test_one_bit_changes_the_digest():
    column = scores().columns["ua"]
    items = {**column.items, "d1": {"c": math.nextafter(1.0, 0)}}
    changed = replace(scores(), columns=scores().columns | {"ua": replace(column, items=items)})
    assert changed.digest != scores().digest


@pytest.mark.parametrize("name", ["", "../npo", "a/b", "UPPER", "a..b", ".hidden", "x" * 101, "nul\0", "ends."])
def test_a_name_leaves_no_folder(tmp_path, name):
    with pytest.raises(FairforgetError, match="cannot be the name of a baseline"):
        baseline_path(tmp_path, name)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("", id="empty"),
        "[]",
        "{",
        "null",
        '{"schema": 2}',
        '{"schema": 1}',
        "nan",
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("\udcff", id="no UTF-8"),
    ],
)
def test_a_file_that_is_no_baseline_is_one_message(tmp_path, broken):
    path = tmp_path / "npo.json"
    path.write_bytes(broken.encode("utf-8", "surrogateescape"))
    with pytest.raises(FairforgetError, match=r"npo\.json: not a baseline .* --quality-update"):
        read_baseline(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"1"', "true", "null", "1e999", "1" + "0" * 400])
def test_a_value_is_a_finite_number(tmp_path, value):
    path = tmp_path / "npo.json"
    write_baseline(path, scores())
    path.write_text(path.read_text().replace('"d1": 0.2', f'"d1": {value}'))
    with pytest.raises(FairforgetError, match="not a baseline"):
        read_baseline(path)


def changes():
    known = scores()
    ua = known.columns["ua"]
    fewer = replace(ua, items={**ua.items, "d0": {"a": 0.0}})
    more = replace(ua, items={**ua.items, "d1": {"c": 1.0, "new": 0.0}})
    return {
        "beta=0.2": replace(known, subject={"name": "npo", "beta": 0.2}),
        "the benchmark is another one: task": replace(known, benchmark={"task": "u"}),
        "the benchmark is another one: seed": replace(known, benchmark={"task": "t", "seed": "1"}),
        "forget sets are others": replace(known, strata={"random": ["d0"], "hard": ["d1"]}),
        "mia is gone": replace(known, columns={n: c for n, c in known.columns.items() if n != "mia"}),
        "ub is new": replace(known, columns=known.columns | {"ub": ua}),
        "ua means something else": replace(known, columns=known.columns | {"ua": replace(ua, role="utility")}),
        "ua is of other forget sets": replace(known, columns=known.columns | {"ua": replace(ua, values={"d0": 1.0})}),
        r"ua on d0 are others: 1 without a value \(b\)": replace(known, columns=known.columns | {"ua": fewer}),
        r"ua on d1 are others: 1 new \(new\)": replace(known, columns=known.columns | {"ua": more}),
    }


@pytest.mark.parametrize("why", changes())
def test_another_benchmark_is_told_apart(why):
    found = unlike(scores(), changes()[why])
    assert found is not None
    assert re.search(why, found), found


def test_versions_and_values_may_differ():
    known = scores()
    column = replace(known.columns["ua"], values={"d0": 0.0, "d1": 0.0})
    changed = replace(known, made_with={"torch": "3"}, columns=known.columns | {"ua": column})
    assert unlike(known, changed) is None
    assert unlike(known, known) is None


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: p.stem)
def test_committed_baselines_are_small_whole_and_of_no_machine(path):
    assert path.stat().st_size < 30_000
    found = read_baseline(path).scores
    assert found.name == path.stem == found.subject["name"]
    assert len(found.strata["random"]) == 12
    assert set(found.made_with) == {"python", "fairforget", "torch", "transformers"}
    document = json.loads(path.read_text())
    assert not any(word in path.read_text() for word in ("/home", "/root", "/tmp", "platform"))
    for name, column in found.columns.items():
        for draw, items in column.items.items():
            if column.averaged:
                assert column.values[draw] == pytest.approx(sum(items.values()) / len(items), abs=2e-6), (name, draw)
    # 192 samples are forgotten, each by one draw; the utility is of the same 72 on every draw.
    forgotten = [i for items in found.columns["forget_ua"].items.values() for i in items]
    assert len(forgotten) == len(set(forgotten)) == 192
    assert len(document["items"]["retain"]) + len(document["items"]["world"]) == 72


def test_there_are_baselines_of_every_gate():
    assert {path.stem for path in COMMITTED} == {"untouched", "grad-ascent", "grad-diff", "npo", "idk"}


@pytest.mark.parametrize("path", [p for p in COMMITTED if p.stem != "untouched"], ids=lambda p: p.stem)
@pytest.mark.parametrize("role", ["completeness", "utility"])
def test_items_lost_at_random_are_seen_at_two_margins_and_digits_are_not(path, role):
    """On the committed items: the answers of some questions go wrong, until two margins are lost."""
    import numpy as np

    base, margin, rng = read_baseline(path).scores, 0.05, np.random.default_rng(0)
    red = digits = 0
    for _ in range(20):
        lost = _damaged(base, role, 2 * margin, rng)
        red += next(j for j in judge(base, lost, margin) if j.role == role).verdict == "worse"
        flipped = _damaged(base, role, 0.002, rng)
        digits += any(j.verdict != "not worse" for j in judge(base, flipped, margin))
    assert digits == 0
    assert red >= 18


def _damaged(base, role, loss, rng):
    """Take items to 0, whole questions with all their columns, until the role has lost so much."""
    columns = {name: c for name, c in base.columns.items() if c.role == role}
    spots = sorted(
        {(d, c.on, i) for c in columns.values() if c.averaged for d, items in c.items.items() for i in items}
    )
    left = loss
    items = {name: {d: dict(found) for d, found in c.items.items()} for name, c in columns.items()}
    for k in rng.permutation(len(spots)):
        draw, on, item = spots[k]
        for name, column in columns.items():
            if column.averaged and column.on == on and left > 0:
                found = items[name][draw]
                left -= found[item] / len(found) / len(column.values) / len(columns)
                found[item] = 0.0
    new = {
        name: replace(c, items=items[name], values={d: sum(v.values()) / len(v) for d, v in items[name].items()})
        if c.averaged
        else c
        for name, c in columns.items()
    }
    return replace(base, columns={**base.columns, **new})
