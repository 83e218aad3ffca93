from __future__ import annotations

from dataclasses import replace

import pytest
from tokenizers import Tokenizer

from fairforget.errors import FairforgetError
from fairforget_tasks.whp import Whp


@pytest.fixture
def folder(make, tmp_path):
    (tmp_path / "book.txt").write_text("\ufeffChapter One\n\n" + make.prose(1, 60), encoding="utf-8")
    make.general(tmp_path / "keep.jsonl", 100)
    return tmp_path


def task(folder, **options):
    usual = {
        "chunks": 5,
        "unseen": 3,
        "chunk_tokens": 24,
        "continuation_tokens": 10,
        "tokenizer": None,
        "lm_eval": None,
    }
    return Whp(folder / "book.txt", retain=str(folder / "keep.jsonl"), retain_chunks=4, **{**usual, **options})


def test_chunks_are_pages_of_the_book_cut_into_prompt_and_continuation(folder):
    found = task(folder).corpus()
    book = (folder / "book.txt").read_text(encoding="utf-8-sig").split()
    assert (len(found.pool), len(found.evaluation["unseen"]), len(found.retain)) == (5, 3, 4)
    for sample in (*found.pool, *found.evaluation["unseen"]):
        start = 24 * int(sample.id.removeprefix("page-"))
        assert sample.prompt.split() == book[start : start + 14]
        assert sample.completion.split() == book[start + 14 : start + 24]
        assert not sample.prompt[-1].isspace()
    ids = [s.id for s in (*found.pool, *found.evaluation["unseen"], *found.retain)]
    assert len(set(ids)) == len(ids)


def test_the_target_reads_whole_pages_unseen_ones_too(folder):
    found = task(folder).corpus()
    text = (folder / "book.txt").read_text(encoding="utf-8-sig")
    pages = [t for t in found.training_texts() if t.sample.startswith("page-")]
    assert len(pages) == 8
    assert all(t.prompt == "" and t.completion in text for t in pages)


def test_the_choice_depends_on_the_seed_only(folder):
    one, same, other = (task(folder, seed=seed).corpus() for seed in (0, 0, 1))
    assert one.digest() == same.digest()
    assert [s.id for s in one.pool] != [s.id for s in other.pool]


def test_tokens_of_a_tokenizer(make, folder):
    path = make.small_model(folder / "model")
    found = task(folder, tokenizer=str(path), chunk_tokens=40, continuation_tokens=15).corpus()
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    for sample in found.pool:
        together = tokenizer.encode(sample.prompt + sample.completion).ids
        apart = tokenizer.encode(sample.prompt).ids + tokenizer.encode(sample.completion).ids
        assert apart == together  # the cut is where a token begins
        assert len(tokenizer.encode(sample.completion).ids) == 15
        # Without the space before it the first word of a page can be other tokens.
        assert abs(len(together) - 40) <= 4


def test_columns_are_the_papers_with_its_directions(folder):
    uses = {use.column: use for use in task(folder, lm_eval="hub").metrics()}
    assert list(uses)[:5] == ["seen_rouge_l", "unseen_rouge_l", "perplexity", "zero_shot", "truthfulqa"]
    assert uses["perplexity"].metric.options == {"tasks": ["wikitext"], "score": "word_perplexity"}
    local = {use.column: use for use in task(folder, lm_eval="data").metrics()}
    assert [local[name].metric.options["data"] for name in ("perplexity", "zero_shot", "truthfulqa")] == ["data"] * 3
    without = [use.column for use in task(folder).metrics()]
    assert not {"perplexity", "zero_shot", "truthfulqa"} & set(without)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunks": 500}, r"book\.txt: the book has \d+ chunks of 24 tokens; 500 to forget and 3 unseen"),
        ({"continuation_tokens": 24}, "leave no prompt"),
        ({"retain_field": "body"}, r"keep\.jsonl, row 1: key 'body' is missing"),
        ({"tokenizer": "no/such-one"}, "tokenizer 'no/such-one'"),
    ],
)
def test_what_cannot_be(folder, options, message):
    with pytest.raises(FairforgetError, match=message):
        task(folder, **options).corpus()


def test_a_book_that_is_none(folder):
    (folder / "book.txt").write_bytes(b"caf\xe9\n" * 9)
    with pytest.raises(FairforgetError, match=r"book\.txt, row 1: not UTF-8"):
        task(folder).corpus()
    for name in ("a" * 6000, "a" * 300):
        with pytest.raises(FairforgetError, match=r"no file .*aaa.*give the book"):
            replace(task(folder), book=folder / name).corpus()
    (folder / "book.txt").unlink()
    with pytest.raises(FairforgetError, match=r"no file .*book\.txt.*give the book"):
        task(folder).corpus()
