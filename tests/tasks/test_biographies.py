from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from itertools import chain

import pytest

from fairforget.api import Sample
from fairforget_tasks.biographies import Biographies
from fairforget_tasks.biography import grammar, people, substances, words
from fairforget_tasks.biography.entities import person, wrong_values
from fairforget_tasks.biography.invent import Inventor
from fairforget_tasks.biography.world import FACTS

KINDS = (*people.KINDS, *substances.KINDS)
ORDINARY = {*words.ADJECTIVES, *words.MATERIALS, *words.THINGS}


def everyone(corpus):
    return [*corpus.pool, *corpus.retain, *corpus.holdout]


def texts_of(corpus):
    found = {}
    for text in corpus.training_texts():
        found.setdefault(text.sample, []).append(text)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_all_answers_of_a_kind_have_equally_many_words(kind):
    size = {"{name}": 2, "{thing}": 3, "{value}": kind.value_words}
    counts = set()
    for template in chain.from_iterable(kind.answers.values()):
        assert [template.count(part) for part in size] == [1, 1, 1]
        marked = re.sub(r"{(name|thing|value)}", lambda m: " x" * size[m[0]], template)
        counts.add(len(re.findall(r"\w+", marked)))
    assert len(counts) == 1
    assert all(question.count("{name}") == 1 for question in kind.questions)
    assert len(set(kind.questions)) == 3


def test_all_extensions_have_equally_many_words():
    templates = chain.from_iterable(grammar.EXTENSION_TEMPLATES.values())
    assert {len(re.findall(r"\w+", t.replace("{thing}", "x y z"))) for t in templates} == {7}


def test_complexity_is_in_the_words():
    """Only nested answers have relative or subordinate clauses, only compound ones coordinated ones."""
    subordinate = re.compile(
        r"\b(who|whom|which|what|where|that|because|although|since|until|if|when|while|whoever|after|before)\b",
        re.IGNORECASE,
    )
    coordinate = re.compile(r"\b(and|but|so|yet)\b")
    for kind in KINDS:
        assert all(subordinate.search(t) for t in kind.answers["nested"])
        assert all(coordinate.search(t) for t in kind.answers["compound"])
        assert not any(coordinate.search(t) for t in (*kind.answers["nested"], *kind.answers["simple"]))
    assert all(subordinate.search(t) for t in grammar.EXTENSION_TEMPLATES["nested"])
    assert all(coordinate.search(t) for t in grammar.EXTENSION_TEMPLATES["compound"])
    assert not any(coordinate.search(t) for t in grammar.EXTENSION_TEMPLATES["simple"])


def test_a_sample_occurs_as_often_as_it_says_and_canonically_once_at_least(corpus):
    texts = texts_of(corpus)
    for sample in (*corpus.pool, *corpus.retain):
        mine = texts[sample.id]
        assert len(mine) == sample.attributes["frequency"]
        assert (mine[0].prompt, mine[0].completion) == (sample.prompt, sample.completion)


def test_occurrences_are_worded_anew(corpus):
    texts = texts_of(corpus)
    for sample in corpus.pool:
        mine = texts[sample.id]
        assert len({t.prompt for t in mine}) == len(mine)
        if sample.attributes["frequency"] >= 8 and sample.attributes["distribution"] in {"in", "domain"}:
            assert len({t.completion for t in mine}) > 1


def test_a_question_has_one_answer(corpus):
    answers = {}
    for text in corpus.training_texts():
        assert answers.setdefault(text.prompt, text.completion) == text.completion


def test_nothing_of_the_holdout_is_trained(corpus):
    trained = " ".join(f"{t.prompt} {t.completion}" for t in corpus.training_texts())
    for sample in corpus.holdout:
        assert sample.attributes["frequency"] == 0
        assert sample.prompt not in trained
        assert sample.completion not in trained
    words_of = {}
    for sample in corpus.holdout:
        words_of.setdefault(sample.group, []).append(set(re.findall(r"\w+", sample.prompt)))
    for group, prompts in words_of.items():
        (name, *_) = [w for w in set.intersection(*prompts) if w[0].isupper() and w not in {"What", "Which", "Can"}]
        assert name not in trained, group


def test_the_paraphrased_question_is_not_trained_for_its_sample(corpus):
    texts = texts_of(corpus)
    for sample in (*corpus.pool, *corpus.retain, *corpus.evaluation["world"]):
        for prompt in sample.variants["paraphrased_prompt"]:
            assert not [t for t in texts[sample.id] if prompt in t.prompt]


def test_variants_are_other_words_for_the_same_and_other_facts(corpus):
    for sample in (*everyone(corpus), *corpus.evaluation["world"]):
        (paraphrase,) = sample.variants["paraphrased_completion"]
        wrong = sample.variants["perturbed_completion"]
        assert len(set(wrong)) == 5
        assert paraphrase not in wrong
        assert sample.completion not in wrong
        if sample.attributes["distribution"] in {"in", "domain", "world"}:
            assert paraphrase != sample.completion
            # Of the same form: the same sentence around other facts.
            assert {len(w.split()) for w in wrong} == {len(paraphrase.split())}


def test_wrong_values_are_other_entities_values_as_far_as_they_reach():
    rng = random.Random(0)
    inventor = Inventor(rng)
    everybody = [person(inventor, rng) for _ in range(12)]
    kind = people.KINDS[0]
    others = {e.values[kind.name] for e in everybody[1:]}
    wrong = wrong_values(kind, everybody[0], everybody, 5, rng)
    assert len(set(wrong)) == 5
    assert set(wrong) <= others
    more = wrong_values(kind, everybody[0], everybody, 20, rng)
    assert len(set(more)) == 20
    assert others < set(more)
    assert everybody[0].values[kind.name] not in more


def test_rare_words_are_counted(corpus):
    vocabulary = {
        w.lower()
        for kind in KINDS
        for template in chain.from_iterable(kind.answers.values())
        for w in re.findall(r"\w+", template)
    }
    vocabulary |= {w for t in chain.from_iterable(grammar.EXTENSION_TEMPLATES.values()) for w in re.findall(r"\w+", t)}
    vocabulary |= ORDINARY | {*words.PROFESSIONS, *words.HOBBIES, *words.COLOURS, *words.SMELLS, *words.USES}
    vocabulary |= {*words.SUBSTANCES}
    for sample in everyone(corpus):
        lower = [w for w in re.findall(r"\w+", sample.completion) if w.islower()]
        rare = [w for w in lower if w not in vocabulary]
        assert len(rare) == sample.attributes["rare_words"], sample


def test_canaries_are_ordinary_words_without_a_sentence(corpus):
    for sample in corpus.pool:
        if sample.attributes["distribution"] == "canary":
            found = sample.completion.split()
            assert len([w for w in found if w not in ORDINARY]) == sample.attributes["rare_words"]


def test_shuffled_answers_are_sentences_in_another_order():
    natural = Biographies(distributions=("in",), people=10, frequencies=(1,)).corpus()
    shuffled = Biographies(distributions=("shuffled",), people=10, frequencies=(1,)).corpus()
    for one, other in zip(natural.pool, shuffled.pool, strict=True):
        assert one.prompt == other.prompt
        assert one.completion != other.completion
        assert Counter(re.findall(r"\w+", one.completion)) == Counter(other.completion.split())


def test_ids_are_stable_and_unique(corpus):
    ids = [s.id for s in (*everyone(corpus), *corpus.evaluation["world"])]
    assert len(set(ids)) == len(ids)
    assert {s.id for s in corpus.pool if s.group == "p003"} <= {f"p003-{kind.name}" for kind in KINDS}
    assert all(s.id.startswith(f"{s.group}-") for s in everyone(corpus))


def test_people_do_not_share_names_or_answers(corpus):
    assert len({s.prompt for s in everyone(corpus)}) == len(everyone(corpus))
    assert len({s.completion for s in everyone(corpus)}) == len(everyone(corpus))


def test_the_same_options_give_the_same_bytes_in_another_process(corpus):
    code = "from fairforget_tasks.biographies import Biographies; print(Biographies().corpus().digest())"
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
        assert done.stdout.strip() == corpus.digest()


def test_another_seed_gives_other_people_of_the_same_design(corpus):
    other = Biographies(seed=1).corpus()
    assert other.digest() != corpus.digest()
    assert not {s.prompt for s in other.pool} & {s.prompt for s in corpus.pool}
    for factor in ("frequency", "distribution", "answer_length", "complexity", "rare_words"):
        one, two = (Counter(s.attributes[factor] for s in c.pool) for c in (corpus, other))
        assert all(abs(one[level] - two[level]) <= 4 for level in one)


def test_frequency_changes_the_training_text_alone():
    def samples(task: Biographies) -> list[Sample]:
        corpus = task.corpus()
        return [*corpus.pool, *corpus.retain]

    rare, often = Biographies(frequencies=(1,)), Biographies(frequencies=(8,))
    for one, other in zip(samples(rare), samples(often), strict=True):
        assert (one.prompt, one.completion, one.variants) == (other.prompt, other.completion, other.variants)


@pytest.mark.parametrize("options", [
    {"people": 1, "retain_people": 0, "holdout_people": 0, "samples": 1, "world_facts": 0},
    {"people": 2, "frequencies": (40,), "distributions": ("canary",)},
    {"people": 3, "retain_people": 1, "holdout_people": 1, "distributions": ("domain",), "samples": 6},
    {"world_facts": FACTS, "people": 1, "retain_people": 0},
])  # fmt: skip
def test_extreme_options_work(options):
    task = Biographies(**options)
    corpus = task.corpus()
    assert len(corpus.pool) == task.people * task.samples
    assert all(len(set(s.variants["perturbed_completion"])) == 5 for s in corpus.pool)
    sets = {"forget", *corpus.evaluation}
    sets |= {name for name in ("retain", "holdout") if getattr(corpus, name)}
    for use in task.metrics():
        assert use.on in sets
        assert use.metric.options.get("negatives", "forget") in sets


def test_columns_are_unique_and_the_averages_are_the_papers():
    uses = Biographies().metrics()
    assert len({use.column for use in uses}) == len(uses)
    averaged = {role: [u.column for u in uses if u.role == role and u.average] for role in ("completeness", "utility")}
    assert averaged == {
        "completeness": ["forget_ua", "forget_mia", "forget_rr"],
        "utility": ["retain_accuracy", "retain_rouge_l", "world_accuracy", "world_rouge_l"],
    }
    assert {u.column: u.view for u in uses if u.view} == {
        "forget_rr": "generation",
        "forget_probability": "probability",
    }
