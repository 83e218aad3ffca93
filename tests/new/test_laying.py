"""The files of a new distribution are all there, or nothing is."""

import os
from pathlib import Path

import pytest

from fairforget.errors import FairforgetError
from fairforget.new.laying import lay

FILES = {"a.txt": "A é\n", "deep/er/b.txt": "B\n", ".hidden": ""}


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_every_file_is_where_it_belongs_and_nothing_else_is(tmp_path):
    lay(FILES, tmp_path / "new")
    assert everything(tmp_path / "new") == [".hidden", "a.txt", "deep", "deep/er", "deep/er/b.txt"]
    assert (tmp_path / "new" / "a.txt").read_text(encoding="utf-8") == "A é\n"
    assert everything(tmp_path)[:1] == ["new"]


def test_folders_above_it_are_made(tmp_path):
    lay(FILES, tmp_path / "one" / "two" / "new")
    assert (tmp_path / "one" / "two" / "new" / "a.txt").is_file()


def test_its_name_may_be_as_long_as_a_file_system_takes(tmp_path):
    lay(FILES, tmp_path / ("睡" * 85))
    assert everything(tmp_path)[:1] == ["睡" * 85]


def test_a_way_back_over_a_folder_that_is_not_there_yet_is_one(tmp_path):
    lay(FILES, tmp_path / "one" / ".." / "new")
    assert (tmp_path / "new" / "a.txt").is_file()


def folder(path):
    path.mkdir()


def full_folder(path):
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def file(path):
    path.write_text("mine")


def dangling(path):
    path.symlink_to(path.parent / "nowhere")


@pytest.mark.parametrize("what", [folder, full_folder, file, dangling])
def test_what_is_there_stays_as_it_is(tmp_path, what):
    what(tmp_path / "new")
    before = everything(tmp_path)
    with pytest.raises(FairforgetError, match="exists already"):
        lay(FILES, tmp_path / "new")
    assert everything(tmp_path) == before


def test_a_file_above_it_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FairforgetError, match="a file is where a folder should be"):
        lay(FILES, tmp_path / "file" / "new")
    assert everything(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_written_stays_when_it_is_cut_off(tmp_path, monkeypatch, error):
    real, written = Path.write_text, []

    def write(self, *args, **kwargs):
        written.append(self)
        if len(written) == 2:
            raise error
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", write)
    with pytest.raises(FairforgetError if isinstance(error, OSError) else KeyboardInterrupt):
        lay(FILES, tmp_path / "above" / "new")
    assert len(written) == 2
    assert everything(tmp_path) == []


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    real = Path.rename

    def rename(self, target):
        full_folder(Path(target))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(FairforgetError):
        lay(FILES, tmp_path / "new")
    assert everything(tmp_path) == ["new", "new/mine.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(FairforgetError, match="may not write there"):
        lay(FILES, tmp_path / "locked" / "above" / "new")
