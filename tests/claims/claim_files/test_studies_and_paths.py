"""The study of a claim, beside its file or shipped by a plugin, and paths that lead nowhere else."""

from __future__ import annotations

import pytest
import yaml

from fairforget.claims.open import open_claim

from .a_claim import STUDY, line, wrong


def test_a_study_may_lie_beside_the_claim(write, registry, tmp_path):
    path = write(study="./studies/tiny.yaml")
    (path.parent / "studies").mkdir()
    study = path.parent / "studies" / "tiny.yaml"
    study.write_text(yaml.safe_dump({**STUDY, "task": {"name": "tofu", "data": "./data"}}))
    (site,) = open_claim(path, registry).sites
    assert site.study.study.task.options["data"] == str(path.parent / "studies" / "data")
    # What is wrong in it is told with its own name.
    study.write_text(yaml.safe_dump({**STUDY, "seads": 1}))
    assert wrong(path, registry)[0].startswith(f"{study}:{line(study, 'seads')}: seads: unknown key")
    study.write_text("name: [")
    assert wrong(path, registry)[0].startswith(f"{study}:1: not valid YAML")
    study.unlink()
    assert wrong(path, registry) == [f"{path}:{line(path, 'study:')}: study: there is no file {study}"]


def test_a_study_may_be_one_that_a_plugin_ships(write, registry):
    (site,) = open_claim(write(study="quickstart"), registry).sites
    assert site.study.study.name == "quickstart"


def test_relative_paths_start_at_the_claim(write, registry):
    path = write(
        study={**STUDY, "task": {"name": "tofu", "data": "./tofu"}},
        targets={"a": {"set": {"model.path": "./model"}}, "b": {"set": {"model.path": "org/model"}}},
    )
    one, two = [site.study.study for site in open_claim(path, registry).sites]
    assert one.task.options["data"] == str(path.parent / "tofu")
    assert (one.model.path, two.model.path) == (str(path.parent / "model"), "org/model")


OUT = ("..", "../x", "./../x", "./a/../../x", "./link/x")


@pytest.mark.parametrize("out", OUT)
@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("study", lambda out: {"study": out}),
        ("study.task.data", lambda out: {"study": {**STUDY, "task": {"name": "tofu", "data": out}}}),
        ("targets.a.set.'model.path'", lambda out: {"targets": {"a": {"set": {"model.path": out}}}}),
        ("parts.p.set.task.data", lambda out: {"parts": {"p": {"set": {"task": {"name": "tofu", "data": out}}}}}),
        ("scores.0.model", lambda out: {"scores": [{"name": "entanglement", "model": out}]}),
    ],
)
def test_no_path_leads_out_of_the_folder(write, registry, tmp_path, key, of, out):
    (tmp_path / "x").write_text("it is: not yours")
    path = write(**of(out))
    (path.parent / "link").symlink_to(tmp_path)
    said = wrong(path, registry)
    assert f": {key}: {out!r} leads out of the folder {path.parent}; " in said[0]
    assert "not yours" not in "\n".join(said)


def test_a_link_in_a_circle_is_an_error(write, registry):
    path = write(study="./round/x.yaml")
    (path.parent / "round").symlink_to("round")
    assert "study: there is no file" in wrong(path, registry)[0]


def test_a_study_beside_the_claim_leads_out_of_its_folder_no_more_than_the_claim(write, registry):
    path = write(study="./tiny.yaml")
    study = path.with_name("tiny.yaml")
    study.write_text(yaml.safe_dump({**STUDY, "task": {"name": "tofu", "data": "../tofu"}}))
    said = wrong(path, registry)
    assert said[0].startswith(f"{study}:{line(study, 'data:')}: task.data: '../tofu' leads out of the folder")
