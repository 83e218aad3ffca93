from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from fairforget import FairforgetError
from fairforget_tasks.sources.chunks import chunks, spans_of, words
from fairforget_tasks.sources.documents import samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(["the tea is warm and the milk is cold"] * 3, trainer)
    backend.enable_truncation(4)  # what a saved tokenizer may have on
    made = tmp_path_factory.mktemp("tokenizer")
    backend.save(str(made / "tokenizer.json"))
    return made


def test_words():
    assert chunks(" one two\nthree  four five ", 2, words) == ["one two", "three  four", "five"]
    assert chunks("", 2, words) == []


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.text(), st.integers(1, 5))
def test_nothing_is_lost_between_pieces(text, size):
    pieces = chunks(text, size, words)
    assert " ".join(pieces).split() == text.split()
    assert all(len(piece.split()) == size for piece in pieces[:-1])


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 7))
def test_tokens_of_a_tokenizer(folder, text, size):
    spans = spans_of(str(folder))
    pieces = chunks(text, size, spans)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert len(pieces) <= -(-max(1, len(spans(text))) // size)


def test_pieces_have_the_size_asked_for(folder):
    text = "the tea is warm and the milk is cold " * 6
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend.no_truncation()
    pieces = chunks(text, 8, spans_of(str(folder)))
    # A space in front belongs to a token, and is stripped.
    lengths = [len(backend.encode(piece if i == 0 else f" {piece}").ids) for i, piece in enumerate(pieces)]
    assert set(lengths[:-1]) == {8}
    assert sum(lengths) == len(backend.encode(text.strip()).ids)


def test_documents_are_groups():
    made = samples("bio", ["a b c", "d"], 2, words)
    assert [(s.id, s.group, s.prompt, s.completion) for s in made] == [
        ("bio-00000-000", "bio-00000", "", "a b"),
        ("bio-00000-001", "bio-00000", "", "c"),
        ("bio-00001-000", "bio-00001", "", "d"),
    ]
    assert samples("bio", ["a b c", "d"], 2, words, most=2) == made[:2]


def test_a_tokenizer_that_is_not_there(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(FairforgetError, match=r"tokenizer\.json: not a tokenizer"):
        spans_of(str(tmp_path))
    for name in ("some/tokenizer", "a" * 6000):
        with pytest.raises(FairforgetError, match="without a network give a folder, or null to count words"):
            spans_of(name)
