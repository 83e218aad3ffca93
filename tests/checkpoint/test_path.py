"""The template of a path, and folders that lead elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import Wanted
from fairforget.errors import FairforgetError
from fairforget_methods.checkpoint import Checkpoint
from fairforget_methods.checkpoint_path import PLACES, check_template, fields_of, folder_of, own_file, root_of


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("models/{digst}", "unknown place {digst}. Did you mean 'digest'?"),
        ("models/{}", "unknown place {}"),
        ("models/{0}", "unknown place {0}"),
        ("models/{digest.__class__}", "unknown place"),
        ("models/{digest[0]}", "unknown place"),
        ("models/{seed:03d}", "write {seed} alone"),
        ("models/{seed!r}", "write {seed} alone"),
        ("models/{", "is no template"),
        ("models/}", "is no template"),
        ("", "names no folder"),
        ("  ", "names no folder"),
        ("models/\0", "names no folder"),
    ],
)
def test_a_template_that_no_path_can_be_made_of_is_refused_when_it_is_written(template, said):
    with pytest.raises(ValueError, match="path") as refused:
        Checkpoint(template)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("template", "root"),
    [
        ("models/{digest}", "models"),
        ("models/run-{draw}/out", "models"),
        ("{digest}", "."),
        ("a/b/{stratum}/{seed}", "a/b"),
        ("a/{{x}}/{digest}", "a/{x}"),
        ("a/b", "a/b"),
        ("../{digest}", ".."),
    ],
)
def test_the_root_is_what_stands_before_the_first_place(template, root):
    assert str(root_of(template)) == root


def test_every_place_is_filled(tmp_path, wanted):
    for seed in range(2):
        (tmp_path / f"random-3-{seed}" / ("d" * 64)).mkdir(parents=True)
    template = f"{tmp_path}/{{stratum}}-{{draw}}-{{seed}}/{{digest}}"
    assert fields_of(template) == set(PLACES)
    found = folder_of(template, replace(wanted, draw=3, seed=1))
    assert found == tmp_path / "random-3-1" / ("d" * 64)


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path, wanted):
    with pytest.raises(FairforgetError, match=r"there is no folder .*draws: N"):
        folder_of(f"{tmp_path}/{{digest}}", wanted)


@pytest.mark.parametrize("stratum", ["..", "../../etc", "a/b", "", ".hidden", "a\\b", "x" * 3 + "\n", "~"])
def test_a_stratum_that_is_no_name_of_a_folder_is_refused(tmp_path, wanted, stratum):
    with pytest.raises(FairforgetError, match=r"can be no name of a folder; write \{digest\}"):
        folder_of(f"{tmp_path}/{{stratum}}", replace(wanted, stratum=stratum))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=12))
def test_no_stratum_leads_out_of_the_folder(tmp_path_factory, stratum):
    root = tmp_path_factory.getbasetemp() / "inside"
    root.mkdir(exist_ok=True)
    try:
        found = folder_of(f"{root}/{{stratum}}", Wanted("d" * 64, stratum, 0, 0, "t"))
    except FairforgetError:
        return
    assert found.resolve().is_relative_to(root.resolve())


def test_a_link_that_leads_out_is_refused_and_one_that_stays_is_not(tmp_path, wanted):
    outside, root = tmp_path / "outside", tmp_path / "models"
    outside.mkdir()
    (root / "kept").mkdir(parents=True)
    (root / wanted.digest).symlink_to(outside)
    with pytest.raises(FairforgetError, match="leads out of"):
        folder_of(f"{root}/{{digest}}", wanted)
    (root / wanted.digest).unlink()
    (root / wanted.digest).symlink_to(root / "kept")
    assert folder_of(f"{root}/{{digest}}", wanted).is_dir()
    # The folder of all models may be wherever its owner has put it.
    (tmp_path / "linked").symlink_to(root)
    assert folder_of(f"{tmp_path}/linked/{{digest}}", wanted).is_dir()


def test_only_regular_files_of_the_folder_itself_are_read(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_text("")
    (folder / "own").write_text("")
    (folder / "inside").symlink_to("own")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    (folder / "folder").mkdir()
    assert own_file(folder, "nothing") is None
    assert own_file(folder, "own") == folder / "own"
    assert own_file(folder, "inside") == folder / "inside"
    for name in ("out", "dangling", "folder"):
        with pytest.raises(FairforgetError, match="no file of its own folder"):
            own_file(folder, name)


def test_whether_there_is_a_model_for_every_seed_follows_from_the_path():
    assert Checkpoint("m/{digest}/{seed}").by_seed
    assert not Checkpoint("m/{digest}").by_seed
    check_template(Checkpoint().path)


def test_the_folder_of_all_models_has_to_be_there(tmp_path):
    Checkpoint(f"{tmp_path}/{{digest}}").check()
    with pytest.raises(FairforgetError, match=r"there is no folder .*'fairforget draws' writes"):
        Checkpoint(f"{tmp_path}/none/{{digest}}").check()
