from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairforget.compare.aliases import aliases
from fairforget.compare.identity import PARTS, SETTING, STRATUM, identity
from fairforget.compare.pairing import pair

CELL = st.tuples(
    st.sampled_from(["npo", "idk"]), st.sampled_from(["easy", "hard"]), st.integers(0, 1), st.integers(0, 1)
)


def changed(record, path, value):
    part = record["cell"]
    *outer, last = path.split(".")
    for name in outer:
        part = part[name]
    part[last] = value


def set_to(path, value):
    return lambda record: changed(record, path, value)


@pytest.fixture
def base(side):
    made = side().fill([[0.8, 0.8], [0.7, 0.7]])
    return made.fill([[0.6], [0.5]], "grad-diff").fill([[0.5], [0.5]], stratum="hard")


def counts(found):
    return len(found.pairs), len(found.base), len(found.head), len(found.ambiguous)


@pytest.mark.parametrize(
    "change",
    [
        set_to("task.dist_version", "0.2.0"),
        set_to("method.dist_version", "9.9"),
        set_to("curriculum.dist_version", "9.9"),
        set_to("draw.sampler.dist_version", "9.9"),
        set_to("method.label", "another word"),
        set_to("evaluation.batch_tokens", 1),
        set_to("evaluation.trajectory", [1, 2]),
        set_to("evaluation.metrics", []),
        set_to("target.base", {"scratch": {}, "path": "/elsewhere"}),
    ],
)
def test_versions_and_words_part_nothing(base, change):
    head = base.copy().change(change)
    found = pair(base.read(), head.read())
    assert counts(found) == (8, 0, 0, 0)


@pytest.mark.parametrize(
    ("path", "value", "part", "how"),
    [
        ("task.name", "other/task", "task", ""),
        ("task.version", 2, "task version", "1 here, 2 there"),
        ("task.options", {"people": 36}, "task options", "people 100 here, 36 there"),
        ("task.data", "f" * 64, "task data", ""),
        ("target.id", "f" * 24, "target", ""),
        ("draw.size", 8, "forget size", "4 here, 8 there"),
        ("draw.unit", "sample", "unit of a draw", "group here, sample there"),
        ("evaluation.max_new_tokens", 64, "evaluation", "max_new_tokens 32 here, 64 there"),
        ("budget.amount", 7, "budget", "amount 5 here, 7 there"),
        ("method.name", "other/npo", "method", ""),
        ("method.options", {"beta": 0.5}, "options of the method", "beta 0.1 here, 0.5 there"),
        ("curriculum.options", {"sigma": 1}, "curriculum", None),
        ("curriculum.name", "other/order", "curriculum", ""),
        ("optimizer.lr", 0.5, "optimizer", "lr 0.0001 here, 0.5 there"),
        ("draw.stratum", "harder", "stratum", ""),
        ("draw.sampler.options", {"bins": 5}, "stratum", "sampler.options.bins not here, 5 there"),
        ("draw.digest", "f" * 64, "forget set", ""),
        ("draw.index", 17, "forget set", ""),
        ("seed", 9, "seed", "0 here, 9 there"),
    ],
)
def test_everything_else_does_and_says_what(side, path, value, part, how):
    base = side().fill([[0.8]])
    head = base.copy().change(set_to(path, value))
    found = pair(base.read(), head.read())
    if how is None:  # an option that only one side has
        assert counts(found) == (1, 0, 0, 0)
        return
    assert counts(found) == (0, 1, 1, 0)
    assert (found.base[0].differs, found.base[0].how) == (part, how)
    assert found.head[0].differs == part
    same = [name for name in PARTS if name != part]
    mine, theirs = (dict(zip(PARTS, identity(s.read()[0]), strict=True)) for s in (base, head))
    assert [mine[name] for name in same] == [theirs[name] for name in same]


def test_the_widest_difference_is_told(side):
    base = side().fill([[0.8]])
    head = base.copy().change(set_to("seed", 3)).change(set_to("task.version", 2))
    assert pair(base.read(), head.read()).base[0].differs == "task version"


def test_what_the_other_side_has_of_a_single_value(side):
    base = side().add(0.5, seed=9) and side()
    base.add(0.5, seed=9)
    head = side()
    for seed in range(5):
        head.add(0.5, seed=seed)
    assert pair(base.read(), head.read()).base[0].how == "9 here, 0, 1, 2 … there"


def test_the_order_of_the_files_changes_nothing(base):
    head = base.copy().change(set_to("task.dist_version", "0.2.0"))
    first = pair(base.read(), head.read())
    mixed = [base.read(), head.read()]
    for records in mixed:
        random.Random(4).shuffle(records)
    assert pair(*mixed) == first


def test_a_cell_that_a_side_has_twice_has_no_partner(side):
    base = side().fill([[0.8], [0.7]])
    head = base.copy()
    again = base.copy().change(set_to("method.dist_version", "0.2.0"), lambda r: r["cell"]["draw"]["index"] == 0)
    head.records += [r for r in again.records if r["cell"]["draw"]["index"] == 0]
    found = pair(base.read(), head.read())
    assert counts(found) == (1, 0, 0, 1)
    assert counts(pair(head.read(), base.read())) == (1, 0, 0, 1)


def test_references_have_no_budget_and_no_optimizer(side):
    base = side().fill([[0.1]], "untouched", curriculum=None, reference="untouched")
    head = base.copy().change(set_to("budget.amount", 9)).change(set_to("optimizer.lr", 0.5))
    assert counts(pair(base.read(), head.read())) == (1, 0, 0, 0)


def test_tuned_rows_are_what_was_searched(side):
    searched = [{"name": "beta", "low": 0.01, "high": 1}, {"name": "optimizer.lr", "low": 1e-6, "high": 1e-3}]
    searched.append({"name": "curriculum.sigma", "low": 0, "high": 1})

    def tuned(beta, lr, sigma):
        def change(record):
            record["cell"]["method"]["tuned"] = True
            record["cell"]["method"]["options"] = {"beta": beta, "reduction": "mean"}
            record["cell"]["optimizer"]["lr"] = lr
            record["cell"]["curriculum"]["options"] = {"sigma": sigma}
            record["tuning"] = {"trials": 8, "searched": searched, "chosen": {}}

        return change

    base = side().fill([[0.8], [0.7]])
    head = base.copy().change(tuned(0.5, 1e-5, 0.1))
    untuned = base.copy()
    base.change(tuned(0.1, 1e-4, 0.2))
    assert counts(pair(base.read(), head.read())) == (2, 0, 0, 0)
    found = pair(base.read(), untuned.read())
    assert counts(found) == (0, 2, 2, 0)
    assert found.base[0].differs == "tuning"
    harder = head.copy().change(lambda record: record["tuning"].update(trials=16))
    assert pair(base.read(), harder.read()).base[0].differs == "tuning"


def test_an_option_that_only_one_version_has_parts_no_rows(side):
    base = side().fill([[0.8], [0.7]])
    head = base.copy().change(set_to("method.options", {"beta": 0.1, "reduction": "mean"}))
    found = pair(base.read(), head.read())
    assert counts(found) == (2, 0, 0, 0)
    assert found.pairs[0].head.cell["method"]["options"] == {"beta": 0.1, "reduction": "mean"}
    assert counts(pair(head.read(), base.read())) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    "options",
    [
        [{"beta": 0.1, "reduction": "mean"}, {"beta": 0.1, "reduction": "sum"}],
        [{"beta": 0.2, "reduction": "mean"}],
        [{"reduction": "mean"}],
        [{"beta": True, "reduction": "mean"}],
        [{"beta": 0.1}, {"beta": 0.1, "reduction": "mean"}],
    ],
)
def test_but_only_where_nothing_else_could_be_meant(side, options):
    base, head = side().fill([[0.8]]), side()
    base.change(set_to("method.options", {"beta": 0.1}))
    for several in options:
        head.records += base.copy().change(set_to("method.options", several)).records
    exact = {"beta": 0.1} in options
    assert len(pair(base.read(), head.read()).pairs) == exact


def test_an_alias_is_of_a_row_and_of_nothing_else(side):
    base = side().fill([[0.8]], budget={"kind": "epochs", "amount": 5, "stop": None})
    head = base.copy().change(set_to("method.options", {"beta": 0.1, "more": 1})).change(set_to("budget.amount", 6))
    assert aliases([identity(r) for r in base.read()], [identity(r) for r in head.read()]) == {}
    assert SETTING < STRATUM


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CELL, st.sampled_from(["base", "head", "both"])), max_size=8, unique_by=lambda found: found[0])
)
def test_every_cell_is_in_one_list_and_its_widest_difference_is_told(side, cells):
    sides = {"base": side(), "head": side()}
    for (method, stratum, index, seed), where in cells:
        for name in sides if where == "both" else (where,):
            sides[name].add(0.5, method, stratum=stratum, index=index, seed=seed)
    base, head = sides["base"].read(), sides["head"].read()
    found = pair(base, head)
    mine, theirs = ({identity(record) for record in records} for records in (base, head))
    assert {p.identity for p in found.pairs} == mine & theirs
    assert {a.identity for a in found.base} == mine - theirs
    assert {a.identity for a in found.head} == theirs - mine
    for alone in found.base:
        same = [[mine == other for mine, other in zip(alone.identity, cell, strict=True)] for cell in theirs]
        shared = [[*parts, False].index(False) for parts in same]
        assert alone.differs == PARTS[max(shared, default=0)]
