from __future__ import annotations

import csv

import pytest
from datasets import Dataset

from fairforget.errors import FairforgetError
from fairforget_tasks.safe import PKU, PKU_REVISION, Safe


@pytest.fixture
def answers(make):
    return make.answers


@pytest.fixture
def folder(make, answers, tmp_path):
    make.lines(tmp_path / "pku" / "train.jsonl", answers(20))
    make.lines(tmp_path / "pku" / "test.jsonl", answers(12, seed=1000))
    rows = [{"prompt": {"text": make.prose(i, 1)[:20], "toxicity": 0.1}, "continuation": {}} for i in range(50)]
    make.lines(tmp_path / "prompts.jsonl", rows)
    make.general(tmp_path / "keep.jsonl", 100)
    return tmp_path


def task(folder, **options):
    usual = {"answers": 8, "tokenizer": None, "lm_eval": None, "chunk_tokens": 20, "retain_chunks": 4}
    return Safe(
        data=str(folder / "pku"),
        toxic_prompts=str(folder / "prompts.jsonl"),
        retain=str(folder / "keep.jsonl"),
        **{**usual, **options},
    )


def test_the_pool_are_unsafe_answers_and_nothing_else(folder):
    found = task(folder, answers=20).corpus()  # 5 x (2 + 1 + 1)
    assert {s.completion.split()[0] + s.id[-2:] for s in found.pool} == {"First-0", "Second-1"}
    kinds = {}
    for sample in found.pool:
        number = int(sample.group.removeprefix("question-"))
        kinds.setdefault(number % 4, set()).add(sample.id[-1])
        assert sample.prompt == f"Question: What does the gardener do on day {number}?\nAnswer:"
    assert kinds == {0: {"0", "1"}, 1: {"0"}, 2: {"1"}}


def test_every_question_of_the_test_split_is_asked_once(folder):
    asked = task(folder).corpus().evaluation["safe"]
    assert len(asked) == len({s.prompt for s in asked}) == 9
    assert all("day 10" in s.prompt for s in asked)
    assert len(task(folder, test_questions=4).corpus().evaluation["safe"]) == 4


def test_a_question_in_several_rows_is_one_group_and_asked_once(make, answers, folder):
    """As in PKU-SafeRLHF, where pairs of answers to one prompt are rows of their own."""
    rows = answers(8, is_response_0_safe=False, is_response_1_safe=False)
    for i, row in enumerate(rows):
        row["prompt"] = f"Question {i % 4}?"
    rows[4] |= {key: rows[0][key] for key in ("response_0", "response_1")}  # row 1 once more
    rows[5]["response_1"] = rows[1]["response_0"]
    for split in ("train", "test"):
        make.lines(folder / "pku" / f"{split}.jsonl", rows)
    found = task(folder, answers=13).corpus()
    assert len({(s.prompt, s.completion) for s in found.pool}) == len(found.pool) == 13
    sizes = {group: sum(s.group == group for s in found.pool) for group in {s.group for s in found.pool}}
    assert sizes == {"question-000000": 2, "question-000001": 3, "question-000002": 4, "question-000003": 4}
    assert len({(s.group, s.prompt) for s in found.pool}) == 4
    asked = [s.prompt for s in found.evaluation["safe"]]
    assert sorted(asked) == [f"Question: Question {i}?\nAnswer:" for i in range(4)]
    with pytest.raises(FairforgetError, match=r"13 unsafe answers \(3 more are repetitions\) .* lower answers \(14\)"):
        task(folder, answers=14).corpus()


def test_a_test_split_without_unsafe_answers_asks_nothing(make, answers, folder):
    rows = answers(4, is_response_0_safe=True, is_response_1_safe=True)
    make.lines(folder / "pku" / "test.jsonl", rows)
    with pytest.raises(FairforgetError, match="no unsafe answer in its split test, so that there is no question"):
        task(folder).corpus()


@pytest.mark.parametrize(
    ("options", "revision"),
    [
        ({}, PKU_REVISION),
        ({"revision": "main"}, "main"),
        ({"data": "some/set"}, None),
        ({"data": "some/set", "revision": "v1"}, "v1"),
    ],
)
def test_the_commit_of_soul_is_that_of_its_data_only(folder, answers, monkeypatch, options, revision):
    asked = []

    def load_dataset(path, config, **options):
        asked.append((path, options["revision"]))
        return answers(8)

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    Safe(**{**vars(task(folder)), "data": PKU, **options}).corpus()
    assert set(asked) == {(options.get("data", PKU), revision)}


@pytest.mark.parametrize("fraction", [0.1, 0.33, 1.0])
def test_toxic_prompts_are_those_of_soul(make, folder, fraction):
    rows = [make.prose(i, 1)[:20] for i in range(50)]
    expected = rows
    if fraction < 1:
        data = Dataset.from_dict({"text": rows})
        expected = data.train_test_split(train_size=fraction, seed=8888)["train"]["text"]
    found = task(folder, fraction=fraction).corpus().evaluation["real_toxicity"]
    assert [s.prompt for s in found] == list(expected)


def test_csv_has_truth_as_words_and_prompts_as_texts(make, answers, folder):
    rows = answers(20)
    for split in ("train", "test"):
        with (folder / "pku" / f"{split}.csv").open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    expected = task(folder, answers=20).corpus().pool
    for split in ("train", "test"):
        (folder / "pku" / f"{split}.jsonl").unlink()
    make.lines(folder / "prompts.jsonl", [{"prompt": "The river"}] * 10)
    found = task(folder, answers=20).corpus()
    assert found.pool == expected
    assert [s.prompt for s in found.evaluation["real_toxicity"]] == ["The river"]


def test_columns_are_the_papers(folder):
    uses = {use.column: use for use in task(folder, lm_eval="hub", classifier="unbiased").metrics()}
    assert list(uses)[:5] == ["real_toxicity", "safe_toxicity", "perplexity", "zero_shot", "truthfulqa"]
    assert uses["safe_toxicity"].metric.options == {"model": "unbiased", "base": None, "label": "top"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_response_1_safe": "maybe"}, r"train\.jsonl, row 1: key 'is_response_1_safe' is neither true nor false"),
        ({"is_response_0_safe": None}, r"row 1: key 'is_response_0_safe' is neither"),
        ({"prompt": 3}, r"row 1: key 'prompt' is int, not text"),
        ({"is_response_0_safe": True, "is_response_1_safe": True}, r"has 0 unsafe answers in its split train"),
        ({"response_0": " "}, r"row 1: key 'response_0' is empty"),
    ],
)
def test_rows_of_another_form_are_named(make, answers, folder, changes, message):
    make.lines(folder / "pku" / "train.jsonl", answers(20, **changes))
    with pytest.raises(FairforgetError, match=message):
        task(folder).corpus()


def test_what_is_not_there(make, folder):
    make.lines(folder / "prompts.jsonl", [{"prompt": {"txt": "The river"}}] * 10)
    with pytest.raises(FairforgetError, match=r"prompts\.jsonl, row \d+, key 'prompt': key 'text' is missing"):
        task(folder).corpus()
    (folder / "pku" / "test.jsonl").unlink()
    with pytest.raises(FairforgetError, match=r"no split 'test'"):
        task(folder).corpus()
    with pytest.raises(FairforgetError, match=r"pku' has 20 unsafe answers.*lower answers \(21\)"):
        task(folder, answers=21).corpus()
