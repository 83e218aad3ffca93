"""What counts as the content of a folder."""

from __future__ import annotations

import os

import pytest

from fairforget.lm.sources import tree_digest, tree_stamp


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data" / "mmlu").mkdir(parents=True)
    (tmp_path / "data" / "mmlu" / "birds.jsonl").write_text("one")
    return tmp_path / "data"


@pytest.mark.parametrize("name", ["__pycache__/utils.cpython-311.pyc", ".cache/lock", "mmlu/.DS_Store"])
def test_what_comes_with_use_is_no_content(folder, name):
    digest, stamp = tree_digest(folder), tree_stamp(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("left behind")
    assert (tree_digest(folder), tree_stamp(folder)) == (digest, stamp)


def test_what_lies_behind_a_link_is_content(folder, tmp_path):
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    file = tmp_path / "elsewhere" / "deep" / "hills.jsonl"
    file.write_text("one")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    digest, stamp = tree_digest(folder), tree_stamp(folder)
    file.write_text("three")
    assert tree_digest(folder) != digest
    assert tree_stamp(folder) != stamp
    copied = tmp_path / "copied"
    (copied / "mmlu").mkdir(parents=True)
    (copied / "mmlu" / "birds.jsonl").write_text("one")
    (copied / "linked" / "deep").mkdir(parents=True)
    (copied / "linked" / "deep" / "hills.jsonl").write_text("three")
    assert tree_digest(copied) == tree_digest(folder)


def test_links_in_a_circle_end(folder, tmp_path):
    (folder / "self").symlink_to(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "back").symlink_to(folder)
    (folder / "other").symlink_to(tmp_path / "other")
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    before = tree_digest(folder)
    os.utime(folder / "mmlu" / "birds.jsonl")
    assert tree_digest(folder) == before
    (folder / "mmlu" / "birds.jsonl").write_text("two")
    assert tree_digest(folder) != before


def test_a_file_and_nothing(folder):
    file = folder / "mmlu" / "birds.jsonl"
    assert len(tree_digest(file)) == 64
    assert [stamp[0] for stamp in tree_stamp(file)] == [str(file)]
    assert tree_stamp(folder / "nothing") == ()
