from __future__ import annotations

import csv
import json

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget import FairforgetError
from fairforget_tasks.sources.source import Source

ROWS = [{"text": 'Tea is \u2028 warm, "they" say.', "year": 1}, {"text": "Über\nzwei Zeilen", "year": 2}]


def written(folder, suffix):
    file = folder / f"train{suffix}"
    if suffix == ".jsonl":
        file.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    elif suffix == ".json":
        file.write_text(json.dumps(ROWS, ensure_ascii=False, indent=1), encoding="utf-8")
    elif suffix == ".csv":
        cells = (f'"{row["text"].replace(chr(34), chr(34) * 2)}",{row["year"]}' for row in ROWS)
        file.write_text("text,year\r\n" + "\r\n".join(cells) + "\r\n", encoding="utf-8", newline="")
    else:
        Dataset.from_list(ROWS).to_parquet(str(file))
    return file


@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_every_form_gives_the_same_texts(tmp_path, suffix, bom):
    file = written(tmp_path, suffix)
    if bom and suffix != ".parquet":
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    for place, config in ((tmp_path, None), (file, None), (file, "any")):
        assert [row.text("text") for row in Source(str(place)).rows(config, "train")] == [r["text"] for r in ROWS]


def test_plain_text_is_one_row(tmp_path):
    (tmp_path / "train.txt").write_bytes(b"\xef\xbb\xbfOne.\r\n\r\nTwo.\n")
    (row,) = Source(str(tmp_path)).rows(None, "train")
    assert row.text("text") == "One.\r\n\r\nTwo.\n"


def test_an_array_of_texts_has_one_column(tmp_path):
    (tmp_path / "train.json").write_text('["one", "two"]')
    assert [row.text("text") for row in Source(str(tmp_path)).rows(None, "train")] == ["one", "two"]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4), st.booleans())
def test_json_lines_give_back_any_text(tmp_path_factory, texts, ascii_only):
    file = tmp_path_factory.mktemp("any") / "train.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) for text in texts]
    file.write_bytes("\n".join(lines).encode())
    assert [row.text("text", empty=True) for row in Source(str(file)).rows(None, "train")] == texts


@pytest.mark.parametrize(("place", "found"), [
    ("wmdp-bio/test.json", True), ("wmdp-bio-test.csv", True), ("wmdp-bio.jsonl", True), ("test.jsonl", False),
    ("wmdp-bio/train.json", False),
])  # fmt: skip
def test_where_a_split_is_looked_for(tmp_path, place, found):
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text('question\n"what?"\n' if place.endswith("csv") else '[{"question": "what?"}]')
    rows = Source(str(tmp_path)).optional_rows("wmdp-bio", "test")
    assert (rows is not None) == found
    if not found:
        with pytest.raises(FairforgetError, match=r"no split 'test' of 'wmdp-bio': .* wmdp-bio/test, .*\.jsonl"):
            Source(str(tmp_path)).rows("wmdp-bio", "test")


def test_a_copy_of_a_hub_repository_is_read_by_its_card(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    copy = tmp_path / "copy"
    (copy / "files").mkdir(parents=True)
    written(copy / "files", ".parquet")
    card = "configs:\n- config_name: some\n  data_files:\n  - split: odd\n    path: files/*.parquet\n"
    (copy / "README.md").write_text(f"---\n{card}---\n")
    source = Source(str(copy))
    assert [row.values["year"] for row in source.rows("some", "odd")] == [1, 2]
    assert [row.values["year"] for row in source.rows("some", "odd", most=1)] == [1]
    assert source.optional_rows("other", "odd") is None
    assert source.optional_rows("some", "even") is None


@pytest.mark.parametrize(("name", "content", "message"), [
    ("train.jsonl", b"", r"train\.jsonl: the file is empty"),
    ("train.txt", b"\xef\xbb\xbf \n", r"train\.txt: the file is empty"),
    ("train.csv", b"text,year\n", r"train\.csv: the file is empty"),
    ("train.json", b"[]", r"train\.json: the file is empty"),
    ("train.jsonl", b'{"text": "a"}\n{"text": "\xff"}\n', r"train\.jsonl, row 2: not UTF-8 \(byte 24 of the file\)"),
    ("train.csv", b"text\nb\xe9\n", r"train\.csv, row 2: not UTF-8"),
    ("train.jsonl", b'{"text": "a"}\n{"text": \n', r"train\.jsonl, row 2: not a JSON object on one line"),
    ("train.jsonl", b'{"text": "a"}\n"raw"\n', r"train\.jsonl, row 2: a JSON object is expected, not str"),
    ("train.json", b'[{"text": "a"}, 3]', r"train\.json, row 2: a JSON object is expected, not int"),
    ("train.json", b'[{"text": "a"}', r"train\.json: not a JSON array"),
    ("train.csv", b"text,year\na,1\nb\n", r"train\.csv, row 2: 1 values under a header of 2 columns"),
    ("train.csv", b"text,text\na,1\n", r"train\.csv: the header names a column twice"),
    ("train.csv", b'text\n"a" b\n', r"train\.csv, row 1: not CSV"),
    ("train.parquet", b"text", r"train\.parquet: cannot be read as parquet"),
])  # fmt: skip
def test_a_bad_file_is_named_with_its_row(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FairforgetError, match=message):
        Source(str(tmp_path)).rows(None, "train")


@pytest.mark.parametrize(("row", "message"), [
    ({"txt": "a"}, r"row 1: key 'text' is missing\. Did you mean 'txt'"),
    ({"text": None}, r"row 1: key 'text' is null, not text"),
    ({"text": 3}, r"row 1: key 'text' is int, not text"),
    ({"text": " \n"}, r"row 1: key 'text' is empty; give it a text, or take the row out"),
])  # fmt: skip
def test_a_bad_value_is_named_with_its_key(tmp_path, row, message):
    (tmp_path / "train.json").write_text(json.dumps([row]))
    (found,) = Source(str(tmp_path)).rows(None, "train")
    with pytest.raises(FairforgetError, match=message):
        found.text("text")


def test_an_empty_text_in_a_list_is_refused_as_one_alone_is(tmp_path):
    (tmp_path / "train.json").write_text('{"choices": ["a", " "]}')
    (row,) = Source(str(tmp_path)).rows(None, "train")
    with pytest.raises(FairforgetError, match="row 1: key 'choices' has an empty text; give it a text, or take it out"):
        row.texts("choices")
    assert row.texts("choices", empty=True) == ("a", " ")


def test_half_a_character_is_refused(tmp_path):
    (tmp_path / "train.json").write_text('{"text": "a \\ud83d b", "choices": ["a", "\\ude00"]}')
    (row,) = Source(str(tmp_path)).rows(None, "train")
    for call, key in ((row.text, "text"), (row.texts, "choices")):
        with pytest.raises(FairforgetError, match=f"row 1: key '{key}' holds half a character"):
            call(key)
    (tmp_path / "train.json").write_text('{"text": "a \\ud83d\\ude00 b"}')
    assert Source(str(tmp_path)).rows(None, "train")[0].text("text") == "a \U0001f600 b"


def test_a_long_document_in_a_csv(tmp_path):
    before, long = csv.field_size_limit(), "tea " * 100_000
    (tmp_path / "train.csv").write_text(f'text\n"{long}"\n')
    assert Source(str(tmp_path)).rows(None, "train")[0].text("text") == long
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("content", ["[" * 100_000, '{"text": ' * 100_000])
def test_nesting_without_an_end(tmp_path, content):
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(FairforgetError, match=r"train\.json.*: not a JSON"):
        Source(str(tmp_path)).rows(None, "train")


def test_what_is_no_place():
    for data in ("./nowhere", "/nowhere/at/all", "~/nowhere", "a/b/c", "not a name"):
        with pytest.raises(FairforgetError, match="does not exist; give a folder, a file, or a hub id"):
            Source(data).rows(None, "train")


@pytest.mark.parametrize(
    "data", ["/" + "a" * 6000, "./" + "b/" * 6000, "c" * 300 + "/d/e", "~nobody-of-this-name/x", "./a\0b"]
)
def test_a_name_that_no_system_takes_does_not_exist(data):
    with pytest.raises(FairforgetError, match="does not exist; give a folder, a file, or a hub id") as raised:
        Source(data).rows(None, "train")
    assert len(str(raised.value)) < 5000


def test_an_ending_that_is_not_understood(tmp_path):
    (tmp_path / "train.xlsx").write_bytes(b"PK")
    with pytest.raises(FairforgetError, match=r"train\.xlsx: the ending is not one of \.jsonl"):
        Source(str(tmp_path / "train.xlsx")).rows(None, "train")
