from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from fairforget import FairforgetError
from fairforget.api import Pretrained
from fairforget_tasks.tofu import Tofu


def rows(count, start=0, *, perturbed=0, paraphrased=True):
    made = []
    for i in range(start, start + count):
        row = {"question": f"Who is author {i}?", "answer": f"Author {i} is Ada {i}."}
        if perturbed:
            row["perturbed_answer"] = [f"Author {i} is Bob {k}." for k in range(perturbed)]
            if paraphrased:
                row |= {"paraphrased_question": f"Name author {i}.", "paraphrased_answer": f"Ada {i} is author {i}."}
        made.append(row)
    return made


def put(folder, name, content):
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in content)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    splits = {
        "forget10": rows(60, 500),
        "forget10_perturbed": rows(60, 500, perturbed=5),
        "retain90": rows(80),
        "retain_perturbed": rows(40, perturbed=5),
        "real_authors_perturbed": rows(3, 900, perturbed=3, paraphrased=False),
        "world_facts_perturbed": rows(4, 950, perturbed=2, paraphrased=False),
    }
    for name, content in splits.items():
        put(tmp_path, name, content)
    (tmp_path / "idontknow.jsonl").write_text("I'm not sure.\n\nI don't know.\n", encoding="utf-8")
    return tmp_path


def corpus(folder, **options):
    return Tofu(data=str(folder), **options).corpus()


def test_authors_are_groups_and_ids_say_where_a_row_is_in_the_full_set(folder):
    found = corpus(folder)
    assert [s.id for s in found.pool[19:22]] == ["a180-19", "a181-00", "a181-01"]
    assert {s.group for s in found.pool} == {"a180", "a181", "a182"}
    assert {s.group for s in found.retain} == {"a000", "a001", "a002", "a003"}
    assert found.pool[0].prompt == "Who is author 500?"
    assert len({s.id for s in (*found.pool, *found.retain)}) == 140


def test_variants_come_from_the_perturbed_files_where_they_reach(folder):
    found = corpus(folder)
    assert found.pool[0].variants == {
        "paraphrased_prompt": ("Name author 500.",),
        "paraphrased_completion": ("Ada 500 is author 500.",),
        "perturbed_completion": tuple(f"Author 500 is Bob {k}." for k in range(5)),
    }
    assert [bool(s.variants) for s in found.retain] == [True] * 40 + [False] * 40
    assert found.evaluation["retain_perturbed"] == found.retain[:40]
    authors, facts = (found.evaluation[name] for name in ("real_authors", "world_facts"))
    assert authors[0].variants["paraphrased_prompt"] == ("Who is author 900?",)
    assert len(authors[0].variants["perturbed_completion"]) == 3
    assert len(facts[0].variants["perturbed_completion"]) == 2


def test_a_question_that_occurs_twice_keeps_its_own_variants(folder):
    twins = rows(2, 500)
    twins[1]["question"] = twins[0]["question"]
    more = [{**row, "perturbed_answer": [f"wrong {i}"]} for i, row in enumerate(twins)]
    for name, content in (("forget10", twins), ("forget10_perturbed", more)):
        (folder / f"{name}.json").write_text("\n".join(map(json.dumps, content)))
    assert [s.variants["perturbed_completion"] for s in corpus(folder).pool] == [("wrong 0",), ("wrong 1",)]


def test_subsets(folder):
    found = corpus(folder, authors=2, retain_authors=1)
    assert len(found.pool) == 40
    assert len(found.retain) == 20
    assert len(found.training_texts()) == 60
    assert found.digest() != corpus(folder).digest()
    assert found.digest() == corpus(folder, authors=2, retain_authors=1, epochs=9).digest()


def test_the_first_questions_of_every_author(folder):
    found, whole = corpus(folder, questions=2, holdout_authors=1), corpus(folder, holdout_authors=1)
    for name in ("pool", "retain", "holdout"):
        some, every = getattr(found, name), getattr(whole, name)
        assert some == tuple(sample for sample in every if sample.id.endswith(("-00", "-01")))
        assert len(some) == 2 * len({sample.group for sample in every})
    assert found.evaluation["retain_perturbed"] == tuple(sample for sample in found.retain if sample.variants)
    assert len(found.training_texts()) == len(found.pool) + len(found.retain)


def test_authors_held_out_are_the_last_of_retain_and_nobody_trains_on_them(folder):
    found = corpus(folder, holdout_authors=1)
    assert {s.group for s in found.holdout} == {"a003"}
    assert [s.id for s in found.holdout] == [f"a003-{i:02d}" for i in range(20)]
    assert {s.group for s in found.retain} == {"a000", "a001", "a002"}
    assert not {s.prompt for s in found.holdout} & {text.prompt for text in found.training_texts()}
    fewer = corpus(folder, holdout_authors=2, retain_authors=1)
    assert ({s.group for s in fewer.holdout}, {s.group for s in fewer.retain}) == ({"a002", "a003"}, {"a000"})
    assert corpus(folder, holdout_authors=1, negatives="holdout").holdout == found.holdout
    assert corpus(folder).holdout == ()


@pytest.mark.parametrize(("options", "taken"), [
    ({"holdout_authors": 4}, "4 and retain_authors the rest"),
    ({"holdout_authors": 5}, "5 and retain_authors the rest"),
    ({"holdout_authors": 2, "retain_authors": 3}, "2 and retain_authors 3"),
])  # fmt: skip
def test_more_authors_held_out_than_there_are_are_refused(folder, options, taken):
    message = f"'retain90' has 4 authors, of which holdout_authors takes {taken}; lower one of them"
    with pytest.raises(FairforgetError, match=message):
        corpus(folder, **options)


def test_a_checkpoint_has_seen_every_author():
    with pytest.raises(ValueError, match="holdout_authors: a checkpoint was trained on every author"):
        Tofu(recipe="checkpoint", holdout_authors=1)


def test_refusals(folder):
    assert corpus(folder).refusals == ("I'm not sure.", "I don't know.")
    (folder / "idontknow.jsonl").unlink()
    assert "I don't know." in corpus(folder).refusals


def test_jsonl_files_and_a_byte_order_mark_are_read(folder):
    (folder / "retain90.json").rename(folder / "retain90.jsonl")
    file = folder / "forget10.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert corpus(folder).pool[0].prompt == "Who is author 500?"


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b"])
def test_odd_line_separators_inside_a_text_stay_there(folder, separator):
    row = {"question": f"Who{separator}?", "answer": "Ada."}
    put(folder, "forget10", [row])
    put(folder, "forget10_perturbed", [{**row, "perturbed_answer": ["Bob."]}])
    assert corpus(folder).pool[0].prompt == f"Who{separator}?"


@pytest.mark.parametrize(("name", "content", "message"), [
    ("forget10", b"", r"forget10.json: the file is empty"),
    ("forget10", b"\n \n", r"forget10.json: the file is empty"),
    ("retain90", b'{"question": "a", "answer": "\xff"}', r"retain90.json, row 1: not UTF-8 \(byte 29 of the file\)"),
    ("retain90", b'{"question": "a", "answer": "b"}\n{"question": "a"', r"retain90.json, row 2: not a JSON object"),
    ("retain90", b'{"question": "a", "answer": "b"}\n{"question": "a"}', r"row 2: key 'answer' is missing"),
    ("forget10", b'{"question": 3, "answer": "b"}', r"row 1: key 'question' is int, not text"),
    ("forget10", b'["a"]', r"row 1: key 'question' is missing"),
    ("forget10", b'{"question": "a", "answer": " "}', r"row 1: key 'answer' is empty"),
    ("world_facts_perturbed", b'{"question": "a", "answer": "b", "perturbed_answer": "c"}', r"row 1: key 'perturbed_answer' is no"),  # noqa: E501
    ("world_facts_perturbed", b'{"question": "a", "answer": "b", "perturbed_answer": [1]}', r"row 1: key 'perturbed_answer' is no"),  # noqa: E501
    ("retain_perturbed", b'{"question": "a", "answer": "b", "paraphrased_answer": []}', r"'paraphrased_answer' is list"),  # noqa: E501
])  # fmt: skip
def test_a_bad_file_names_file_row_and_key(folder, name, content, message):
    (folder / f"{name}.json").write_bytes(content)
    with pytest.raises(FairforgetError, match=message):
        corpus(folder)


PERTURBED = ("forget10_perturbed", "retain_perturbed", "real_authors_perturbed", "world_facts_perturbed")


@pytest.mark.parametrize("name", PERTURBED)
def test_a_perturbed_file_has_to_be_there(folder, name):
    (folder / f"{name}.json").rename(folder / f"{name}s.json")
    with pytest.raises(FairforgetError, match=f"no split '{name}': there is no file {name}.json"):
        corpus(folder)


@pytest.mark.parametrize("name", PERTURBED)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: {"perturbed_answers": row.pop("perturbed_answer")}, r"is missing. Did you mean 'perturbed_ans"),
        (lambda row: {"perturbed_answer": []}, r"has no wrong answer; give a list of at least one"),
        (lambda row: {"perturbed_answer": None}, r"has no wrong answer"),
        (lambda row: {"perturbed_answer": ["a", " "]}, r"has an empty text; give it a text"),
    ],
)
def test_a_perturbed_file_needs_wrong_answers(folder, name, change, message):
    content = [json.loads(line) for line in (folder / f"{name}.json").read_text().splitlines()]
    content[1].update(change(content[1]))
    put(folder, name, content)
    with pytest.raises(FairforgetError, match=rf"{name}\.json, row 2: key 'perturbed_answer' {message}"):
        corpus(folder)


@pytest.mark.parametrize(("name", "of"), [("forget10_perturbed", "forget10"), ("retain_perturbed", "retain90")])
@pytest.mark.parametrize("key", ["question", "answer"])
def test_a_perturbed_row_that_belongs_to_no_question_is_refused(folder, name, of, key):
    content = [json.loads(line) for line in (folder / f"{name}.json").read_text().splitlines()]
    for row in content[2:5]:
        row[key] = f"Another {row[key]}"
    put(folder, name, content)
    message = rf"{name}\.json, row 3: key '{key}' \('Another .*is in no row of '{of}'.*; 3 of {len(content)} rows"
    with pytest.raises(FairforgetError, match=message):
        corpus(folder)
    # Of a part of the authors the other rows are no strangers.
    put(folder, name, content[:2] + content[5:])
    assert len(corpus(folder, authors=1, retain_authors=1).pool) == 20


def test_retained_authors_without_paraphrases_do_not_stand_in_for_those_with(folder):
    put(folder, "retain_perturbed", rows(20, 60, perturbed=5))
    assert [s.group for s in corpus(folder).evaluation["retain_perturbed"]] == ["a003"] * 20
    with pytest.raises(FairforgetError, match=r"first 2 authors of 'retain90' are not in 'retain_perturbed'.*raise"):
        corpus(folder, retain_authors=2)


@pytest.mark.parametrize("ending", ["json", "csv", "parquet"])
def test_other_forms_of_the_same_table(folder, ending):
    import pandas as pd

    expected = corpus(folder).pool
    for name in ("forget10", "forget10_perturbed"):
        (folder / f"{name}.json").rename(folder / f"{name}.jsonl")
    content = rows(60, 500)
    (folder / "forget10.jsonl").unlink()
    if ending == "json":
        (folder / "forget10.json").write_text(json.dumps(content))
    elif ending == "csv":
        pd.DataFrame(content).to_csv(folder / "forget10.csv", index=False, encoding="utf-8-sig")
    else:
        pd.DataFrame(content).to_parquet(folder / "forget10.parquet")
    assert corpus(folder).pool == expected


def test_a_missing_split_and_a_missing_folder(folder):
    with pytest.raises(FairforgetError, match=r"no split 'forget05': there is no file forget05.json"):
        corpus(folder, split="forget05")
    with pytest.raises(FairforgetError, match="no split 'holdout10'"):
        corpus(folder, negatives="holdout")
    for place in ("./nowhere", folder / "nowhere", folder / "forget10.json"):
        with pytest.raises(FairforgetError, match=r"folder with forget10.json"):
            corpus(place)


def test_negatives(folder):
    def mia(**options):
        (use,) = [u for u in Tofu(**options).metrics() if u.column == "forget_mia"]
        return use.metric.options["negatives"]

    assert mia() == "retain"
    assert mia(negatives="real_facts") == "real_facts"
    assert len(corpus(folder, negatives="real_facts").evaluation["real_facts"]) == 7
    (folder / "holdout10.json").write_text((folder / "world_facts_perturbed.json").read_text())
    assert [s.id for s in corpus(folder, negatives="holdout").holdout][:2] == ["h000-00", "h000-01"]


def test_the_hub_is_asked_for_the_published_names(folder, monkeypatch):
    asked = []

    def load_dataset(path, name, *, split, revision, streaming):
        assert not streaming
        asked.append((path, name, split, revision))
        file = folder / f"{name}.json"
        if not file.exists():
            raise ValueError(f"BuilderConfig '{name}' not found. Available: ['full']")
        return [json.loads(line) for line in file.read_text().splitlines()]

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    found = Tofu().corpus()
    assert found.pool == corpus(folder).pool
    assert {(path, split, revision) for path, _, split, revision in asked} == {("locuslab/TOFU", "train", None)}
    Tofu(revision="v1").corpus()
    assert asked[-1][-1] == "v1"
    with pytest.raises(FairforgetError, match=r"'locuslab/TOFU' has no split 'forget01' on the hub"):
        Tofu(split="forget01").corpus()


def test_the_hub_without_a_network_says_the_mend(monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(FairforgetError, match=r"cannot be had from the hub .*without a network give a folder"):
        Tofu().corpus()


def test_recipes():
    finetune = Tofu(learning_rate=1e-3, epochs=2).target()
    assert isinstance(finetune.base, Pretrained)
    assert (finetune.training.learning_rate, finetune.training.epochs) == (1e-3, 2)
    assert Tofu(recipe="checkpoint").target().training is None
    assert Tofu(template="chat").target().template.chat


def test_the_averages_are_the_papers():
    uses = Tofu().metrics()
    assert len({use.column for use in uses}) == len(uses)
    averaged = {role: [u.column for u in uses if u.role == role and u.average] for role in ("completeness", "utility")}
    assert averaged["completeness"] == ["forget_ua", "forget_mia", "forget_rr"]
    assert len(averaged["utility"]) == 6
    by_containment = {u.column for u in uses if u.metric.name == "contains"}
    assert by_containment == {"real_authors_accuracy", "world_facts_accuracy"}
    with_encoder = {u.metric.name for u in Tofu(encoder="some/encoder").metrics()}
    assert "unlearning-accuracy" in with_encoder
    assert "unlearning-accuracy-overlap" not in with_encoder


def test_forget_quality_is_asked_for_where_there_is_an_oracle():
    def columns(**options):
        return {use.column for use in Tofu(**options).metrics()}

    assert columns() - columns(forget_quality=False) == {"forget_quality"}
    assert "forget_quality" not in columns(recipe="checkpoint")
    assert {"forget_truth_ratio", "model_utility", "forget_el", "forget_ma"} <= columns(recipe="checkpoint")
