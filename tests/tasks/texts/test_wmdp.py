from __future__ import annotations

import json

import pytest

from fairforget import FairforgetError
from fairforget_tasks.sources.chunks import words
from fairforget_tasks.wmdp import Wmdp


def task(folder, **options):
    return Wmdp(data=str(folder), chunk_tokens=12, retain=str(folder / "kept.jsonl"), retain_field="body", **options)


def test_documents_become_groups_of_pieces(wmdp_folder, document_of):
    corpus = task(wmdp_folder).corpus()
    assert {s.group for s in corpus.pool} == {f"{d}-forget-0000{i}" for d in ("bio", "cyber") for i in range(4)}
    first = [s.completion for s in corpus.pool if s.group == "bio-forget-00000"]
    assert " ".join(first) == document_of(0)
    assert all(s.prompt == "" for s in (*corpus.pool, *corpus.retain))
    assert " ".join(s.completion for s in corpus.retain if s.group == "retain-00003") == document_of(83)


def test_only_the_named_field_is_trained_on(wmdp_folder, everything):
    assert not any("SECRET" in text or "{" in text for text in everything(task(wmdp_folder).corpus()))
    titles = task(wmdp_folder, field="title", retain_chunks=1).corpus().pool
    assert [s.completion for s in titles[:2]] == ["SECRET 0", "SECRET 1"]


def test_subsets_and_other_retain_sets(wmdp_folder):
    few = task(wmdp_folder, forget=("cyber",), chunks=3, retain_chunks=2).corpus()
    assert [s.id for s in few.pool] == ["cyber-forget-00000-000", "cyber-forget-00000-001", "cyber-forget-00001-000"]
    assert len(few.retain) == 2
    own = Wmdp(data=str(wmdp_folder), chunk_tokens=12, retain="corpora").corpus()
    assert {s.group.split("-")[0] for s in own.retain} == {"bio", "cyber"}


def test_questions_are_worded_by_both_variants(wmdp_folder):
    corpus = task(wmdp_folder, mmlu_questions=2).corpus()
    sample = corpus.evaluation["wmdp_cyber"][1]
    assert sample.prompt == (
        "The following are multiple choice questions (with answers) about cybersecurity.\n\n"
        "What is near bridge 61?\nA. violin 0\nB. meadow 1\nC. harbour 2\nD. kettle 3\nAnswer:"
    )
    assert sample.variants["wagle_prompt"] == (
        "The followingare multiple choice questions (with answers) about cybersecurity.\n\n"
        " What is near bridge 61?\nA.violin 0\nB.meadow 1\nC.harbour 2\nD.kettle 3\n\n",
    )
    assert (sample.completion, sample.variants["choice"]) == (" B", (" A", " B", " C", " D"))
    sizes = {name: len(samples) for name, samples in corpus.evaluation.items()}
    assert sizes == {
        "wmdp_bio": 5, "wmdp_chem": 3, "wmdp_cyber": 6, "wmdp": 14,
        "mmlu_humanities": 2, "mmlu_social_sciences": 2, "mmlu_stem": 2, "mmlu_other": 2, "mmlu": 8,
    }  # fmt: skip


def test_mmlu_as_one_file_with_subjects(wmdp_folder):
    rows = [
        {"question": f"q{i}?", "subject": s, "choices": ["a", "b"], "answer": "B"}
        for i, s in enumerate(["us_foreign_policy", "virology", "us_foreign_policy"])
    ]
    (wmdp_folder / "mmlu" / "all.json").write_text(json.dumps(rows))
    found = task(wmdp_folder).corpus().evaluation
    assert [s.id for s in found["mmlu_social_sciences"]] == [
        "mmlu-us_foreign_policy-0000",
        "mmlu-us_foreign_policy-0001",
    ]
    assert "about us foreign policy." in found["mmlu"][0].prompt
    assert found["mmlu_stem"] == ()


@pytest.mark.parametrize(("row", "message"), [
    ({"question": "a?", "choices": ["x", "y"]}, r"row 1: key 'answer' is missing; .* 0 to 1, or its letter"),
    ({"question": "a?", "choices": ["x", "y"], "answer": 2}, r"row 1: key 'answer' is 2;"),
    ({"question": "a?", "choices": ["x", "y"], "answer": True}, r"row 1: key 'answer' is True;"),
    ({"question": "a?", "choices": ["x", "y"], "answer": "E"}, r"row 1: key 'answer' is 'E';"),
    ({"question": "a?", "choices": ["x", "y"], "answer": "9" * 5000}, r"row 1: key 'answer' is '9{40,60}; give the"),
    ({"question": "a?", "choices": ["x"], "answer": 0}, r"row 1: key 'choices' has 1 texts"),
    ({"question": "a?", "choices": "xy", "answer": 0}, r"row 1: key 'choices' is no list of texts"),
    ({"question": "a?", "answer": 0}, r"row 1: key 'choices' is missing"),
    ({"question": "", "choices": ["x", "y"], "answer": 0}, r"row 1: key 'question' is empty"),
])  # fmt: skip
def test_a_bad_question_names_row_and_key(wmdp_folder, row, message):
    (wmdp_folder / "wmdp-bio" / "test.jsonl").write_text(json.dumps(row))
    with pytest.raises(FairforgetError, match=r"wmdp-bio/test\.jsonl, " + message):
        task(wmdp_folder).corpus()


def test_an_unknown_subject(wmdp_folder):
    row = {"question": "a?", "subject": "virolgy", "choices": ["x", "y"], "answer": 0}
    (wmdp_folder / "mmlu" / "all.json").write_text(json.dumps([row]))
    with pytest.raises(FairforgetError, match=r"'subject' is 'virolgy', no subject of MMLU\. Did you mean 'virology'"):
        task(wmdp_folder).corpus()


def test_the_groups_of_mmlu_are_those_of_lm_eval():
    from importlib.util import find_spec
    from pathlib import Path

    from fairforget_tasks.choices.mmlu import GROUPS

    files = Path(find_spec("lm_eval").origin).parent / "tasks" / "mmlu" / "default"
    found = {}
    for file in files.glob("mmlu_*.yaml"):
        text = file.read_text()
        for group in GROUPS:
            if f"mmlu_{group}_tasks" in text and '"dataset_name"' in text:
                found.setdefault(group, set()).add(text.split('"dataset_name": "')[1].split('"')[0])
    assert found == {group: set(subjects) for group, subjects in GROUPS.items()}


def test_the_columns_are_the_papers():
    uses = {use.column: use for use in Wmdp().metrics()}
    table = ["wmdp_bio", "wmdp_chem", "wmdp_cyber", "wmdp"]
    assert all(uses[name].role == "completeness" and not uses[name].average for name in table)
    assert uses["wmdp_forgotten"].complement
    averaged = [name for name, use in uses.items() if use.average and use.role != "diagnostic"]
    assert averaged == ["wmdp_forgotten", "mmlu"]
    assert [name for name in uses if name.startswith("mmlu_")] == [
        "mmlu_humanities", "mmlu_social_sciences", "mmlu_stem", "mmlu_other",
    ]  # fmt: skip


def test_a_revision_is_that_of_one_repository(wmdp_folder, monkeypatch):
    asked = set()

    def load_dataset(path, config, **options):
        asked.add((path, options["revision"]))
        if path == "cais/wmdp":
            return [{"question": "a?", "choices": ["x", "y"], "answer": 0}]
        return [{"text": "a b c"}]

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    made = Wmdp(
        forget=("cyber",), asked=("cyber",), revision="1", questions_revision="2", mmlu=str(wmdp_folder / "mmlu"),
        retain=str(wmdp_folder / "kept.jsonl"), retain_field="body", tokenizer=None,
    )  # fmt: skip
    monkeypatch.setattr("fairforget_tasks.wmdp.spans_of", lambda _: words)
    made.corpus()
    assert asked == {("cais/wmdp-corpora", "1"), ("cais/wmdp", "2")}


def test_json_lines_under_the_name_of_a_plain_text_are_refused(wmdp_folder):
    file = wmdp_folder / "cyber-forget-corpus.jsonl"
    file.rename(file.with_suffix(".txt"))
    message = r"cyber-forget-corpus\.txt, row 1: key 'text' holds JSON lines .* end in \.jsonl"
    with pytest.raises(FairforgetError, match=message):
        task(wmdp_folder).corpus()
    # Lines without the field, and lines that are no objects, are texts like any other.
    for content in ('{"body": 1}\n{"text": "a"}\n', '{"text": "a"}\nand more', "{", '{"text": 1} {'):
        file.with_suffix(".txt").write_text(content)
        assert task(wmdp_folder).corpus().pool[-1].group == "cyber-forget-00000"


def test_the_hub_is_asked_for_the_published_names(wmdp_folder, monkeypatch):
    asked = set()

    def load_dataset(path, config, **options):
        asked.add((path, config, options["split"]))
        if path == "Salesforce/wikitext":
            return [{"text": " = Tea = \n"}, {"text": " It is warm . \n"}]
        if "questions" in path or path in {"cais/wmdp", "cais/mmlu"}:
            return [{"question": "a?", "subject": "virology", "choices": ["x", "y"], "answer": 0}]
        return [{"text": "a b c", "title": "t"}]

    counted = []
    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    monkeypatch.setattr("fairforget_tasks.wmdp.spans_of", lambda name: counted.append(name) or words)
    corpus = Wmdp().corpus()
    assert counted == ["HuggingFaceH4/zephyr-7b-beta"], "a dump has words of hundreds of tokens"
    assert [s.completion for s in corpus.pool] == ["a b c", "a b c"]
    assert asked == {
        ("cais/wmdp-bio-forget-corpus", None, "train"), ("cais/wmdp-corpora", "cyber-forget-corpus", "train"),
        ("cais/wmdp", "wmdp-bio", "test"), ("cais/wmdp", "wmdp-chem", "test"), ("cais/wmdp", "wmdp-cyber", "test"),
        ("cais/mmlu", "all", "test"), ("Salesforce/wikitext", "wikitext-2-raw-v1", "train"),
    }  # fmt: skip
