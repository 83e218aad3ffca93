from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget import FairforgetError
from fairforget.api import Pretrained
from fairforget_tasks.facts import Facts
from fairforget_tasks.public_facts.relations import RELATIONS, facts_of
from fairforget_tasks.public_facts.zipf import zipf_frequency

DIGEST = "5911c2754ac512f3395e4c8245210f222b88ce8210c00477f38bba04f8017035"
CLOZE = "727400303932ce26e9dc670ac3991c1748e454db7130a15e571b5f785d2ea532"


def every(corpus):
    return [s for part in (corpus.pool, corpus.retain, *corpus.evaluation.values()) for s in part]


@pytest.fixture(scope="module")
def corpus():
    return Facts().corpus()


def test_the_corpus_is_the_one_that_was_published(corpus):
    assert corpus.digest() == DIGEST
    assert Facts(forget=("country",), other=("element", "state"), form="cloze", seed=3).corpus().digest() == CLOZE


def test_sets(corpus):
    sizes = {
        name: len(part) for name, part in {"pool": corpus.pool, "retain": corpus.retain, **corpus.evaluation}.items()
    }
    # A quarter and 15 of 100 of 160 countries and of 118 elements.
    assert sizes == {"pool": 96 + 70, "retain": 40 + 30, "neighbours": 24 + 18, "other_domain": 49}
    assert not corpus.holdout
    relations = {s.attributes["relation"] for s in corpus.evaluation["other_domain"]}
    assert relations == {"state-capital"}


def test_wordings():
    (france,) = [s for s in every(Facts().corpus()) if s.id == "capital-france"]
    assert france.prompt == "Question: What is the capital of France?\nAnswer: The capital of France is"
    assert (france.completion, france.group) == ("Paris", "country-france")
    assert france.variants["true_statement"][0].endswith("Statement: The capital of France is Paris.\nTrue or False:")
    (gambia,) = [s for s in every(Facts(form="cloze", forget=("country",)).corpus()) if s.id == "country-gambia"]
    assert (gambia.prompt, gambia.completion) == ("Banjul is the capital of", "the Gambia")
    assert gambia.variants["accepted_completion"] == ("Gambia",)
    (sulfur,) = [s for s in every(Facts(forget=("element",), form="cloze").corpus()) if s.id == "element-sulfur"]
    assert sulfur.prompt == "The element with the chemical symbol S is"
    assert sulfur.variants["accepted_completion"] == ("sulphur",)


def spoken(text):
    return re.findall(r"[^\W_]+", text)


@given(
    st.sets(st.sampled_from(sorted(RELATIONS)), min_size=1, max_size=4).map(lambda names: tuple(sorted(names))),
    st.sampled_from(["question", "cloze"]),
    st.integers(0, 10**6),
    st.floats(0.1, 0.45),
    st.floats(0.1, 0.45),
    st.integers(12, 200),
)
@settings(deadline=None, derandomize=True, max_examples=15)
def test_parts_are_apart_and_wrong_answers_are_wrong(forget, form, seed, retain, neighbours, subjects):
    task = Facts(forget=forget, other=(), form=form, seed=seed, retain=retain, neighbours=neighbours, subjects=subjects)
    found = task.corpus()
    assert found.digest() == task.corpus().digest()
    parts = [found.pool, found.retain, found.evaluation["neighbours"]]
    groups = [{s.group for s in part} for part in parts]
    assert all(groups)
    assert sum(map(len, groups)) == len(set.union(*groups))
    domains = {RELATIONS[name].domain for name in forget}
    assert {group.partition("-")[0] for group in groups[0]} == domains
    right = {
        (s.attributes["relation"], s.group): (s.completion, *s.variants.get("accepted_completion", ()))
        for s in every(found)
    }
    assert len(right) == len(every(found))
    for sample in every(found):
        accepted = right[sample.attributes["relation"], sample.group]
        wrong = sample.variants["perturbed_completion"]
        assert len(set(wrong)) == 5
        assert not set(wrong) & set(accepted)
        prompts = [sample.prompt, *sample.variants["paraphrased_prompt"]]
        assert len({*prompts}) == 3
        # No prompt gives its answer away; "Question" and "Answer" are no answers.
        for answer in accepted:
            said = spoken(answer)
            for prompt in prompts:
                heard = spoken(prompt)
                assert not any(heard[i : i + len(said)] == said for i in range(len(heard))), (prompt, answer)
        (true,), (false,) = sample.variants["true_statement"], sample.variants["false_statement"]
        assert re.search(rf"{re.escape(sample.completion.rstrip('.'))}\.\nTrue or False:$", true)
        assert re.search(rf"{re.escape(wrong[0].rstrip('.'))}\.\nTrue or False:$", false)
        assert true.count("True or False: True") == true.count("True or False: False") == 2


def test_another_seed_parts_otherwise_and_fewer_subjects_are_some_of_all(corpus):
    other = Facts(seed=1).corpus()
    assert {s.id for s in other.pool} != {s.id for s in corpus.pool}
    few = Facts(subjects=20).corpus()
    assert len({s.group for s in every(few)}) == 60
    assert {s.id for s in every(few)} <= {s.id for s in every(corpus)}


def test_a_subject_stays_whole_when_it_is_asked_about_both_ways():
    both = Facts(forget=("capital", "country")).corpus()
    groups = {}
    for sample in both.pool:
        groups.setdefault(sample.group, []).append(sample.attributes["relation"])
    assert all(sorted(asked) == ["capital", "country"] for asked in groups.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"other": ("country",)},
            r"'country' asks about subjects that may be forgotten; choose of state-capital, state",
        ),
        ({"forget": ("capital", "symbol", "state")}, r"'state-capital' asks .*write other: \[\]"),
        ({"retain": 0.6, "neighbours": 0.4}, r"leave nothing to forget; together they are less than 1"),
        ({"subjects": 3}, r"of 3 subjects of the domain 'country' 1 would be kept and 0 be neighbours.*raise subjects"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(FairforgetError, match=message):
        Facts(**options).corpus()


def test_the_target_stands_as_it_is():
    recipe = Facts().target()
    assert recipe.base == Pretrained("HuggingFaceTB/SmolLM2-135M-Instruct")
    assert recipe.training is None
    assert (Facts().unknown_samples(), Facts(unknown="keep").unknown_samples()) == ("leave out", "keep")


def test_columns_are_about_sets_that_are_there(corpus):
    for task in (Facts(), Facts(other=())):
        sets = {"forget", "retain", *task.corpus().evaluation}
        assert {use.on for use in task.metrics()} <= sets
        assert {use.view for use in task.metrics()} == {None, "generation", "probability"}


def test_true_or_false_is_left_out_where_it_is_not_asked_for():
    asked, silent = ([use.column for use in Facts(true_false=on).metrics()] for on in (True, False))
    assert silent == [column for column in asked if "true_false" not in column]
    assert len(asked) - len(silent) == 4
    assert "true-false" not in {use.metric.name for use in Facts(true_false=False).metrics()}


def test_frequency_is_that_of_the_rarer_name():
    wordfreq = pytest.importorskip("wordfreq")
    rare, mean = (every(Facts(frequency=over).corpus()) for over in ("min", "mean"))
    by_hand = {"capital-france": ("France", "Paris"), "capital-gambia": ("Gambia", "Banjul"), "symbol-iron": ("iron",)}
    for found, over in ((rare, min), (mean, lambda values: sum(values) / len(values))):
        known = {s.id: s.attributes["frequency"] for s in found}
        for name, names in by_hand.items():
            assert known[name] == pytest.approx(over([wordfreq.zipf_frequency(n, "en") for n in names]), abs=5e-4)
    # A symbol is no word of English: helium is not as common as "he".
    assert {s.id: s.attributes["frequency"] for s in rare}["symbol-helium"] < 4
    assert all("frequency" not in s.attributes for s in every(Facts().corpus()))


def test_frequency_without_the_extra_says_so(monkeypatch):
    import importlib.metadata

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(FairforgetError, match=r"task facts with frequency: min needs wordfreq.*fairforget\[words\]"):
        zipf_frequency(facts_of("capital"), "min")
