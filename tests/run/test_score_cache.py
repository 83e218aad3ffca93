"""Kept scores through the real `score_task`: a changed byte in what they depend on means other scores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from fairforget.lm.sources import digests
from fairforget.registry import Registry
from fairforget.report.trust import trust_of
from fairforget.run.scoring import score_task
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import make_target
from fairforget.run.targets.target_folder import meta_text
from fairforget.run.workbench import _open
from fairforget_tasks.biographies import Biographies

QUICK = {
    "people": 4, "retain_people": 1, "holdout_people": 1, "samples": 1, "world_facts": 0, "frequencies": (1,),
    "distributions": ("in",), "lengths": ("short",), "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 2,
}  # fmt: skip

PLUGIN = """
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
import numpy as np
from fairforget import Entry, hookimpl
from fairforget.api import Difficulty

@hookimpl
def fairforget_difficulties():
    return [Entry("from-file", f"{__name__}:FromFile")]

@dataclass(frozen=True)
class FromFile(Difficulty):
    higher_is = "easier"
    file: Annotated[str, "holds a number"] = ""

    def depends_on(self):
        return {"file": Path(self.file).read_text()} if self.file else {}

    def score(self, model, samples, rng):
        return rng.standard_normal(len(samples)) + (float(Path(self.file).read_text()) if self.file else 0)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A model folder as a user would have one."""
    task = Biographies(**QUICK)
    corpus, recipe = task.corpus(), task.target()
    made = make_target(target_identity(recipe, corpus, 0), recipe, corpus, tmp_path_factory.mktemp("base"), seed=0)
    (made / "meta.json").unlink()
    return made


def rows(count, start=0):
    return [
        {
            "question": f"Who is author {i}?",
            "answer": f"Author {i} is Ada {i}.",
            "perturbed_answer": ["Author is Bob."],
            "paraphrased_question": f"Name author {i}.",
            "paraphrased_answer": f"Ada {i} is author {i}.",
        }
        for i in range(start, start + count)
    ]


class Place:
    """A task over files, a model folder and a cache, all of which a test may change."""

    def __init__(self, folder: Path, base: Path):
        self.data, self.model, self.cache = folder / "data", folder / "model", folder / "cache"
        self.data.mkdir()
        for name, content in {
            "forget10": rows(20, 500),
            "forget10_perturbed": rows(20, 500),
            "retain90": rows(20),
            "retain_perturbed": rows(20),
            "real_authors_perturbed": rows(2, 900),
            "world_facts_perturbed": rows(2, 950),
        }.items():
            (self.data / f"{name}.json").write_text("\n".join(map(json.dumps, content)) + "\n")
        (self.data / "idontknow.jsonl").write_text("I don't know.\n")
        shutil.copytree(base, self.model)
        self.plugin = folder / "mine.py"
        self.plugin.write_text(PLUGIN)

    def score(self, by="mrd", *settings, seed=0):
        if by == "mrd":
            settings = ("mrd.max_forwards=5", *settings)
        return score_task(
            Registry.discover([self.plugin]),
            "tofu",
            by,
            [f"task.data={self.data}", "task.epochs=1", *settings],
            model=str(self.model),
            seed=seed,
        )

    def kept(self):
        return sorted((self.cache / "scores").glob("*.json"))

    def move_a_weight(self):
        """Change one weight by one bit, as a byte that differs in the file."""
        file = self.model / "model.safetensors"
        tensors = load_file(file)
        name = min(tensors)
        flat = tensors[name].clone().flatten()
        flat[0] = flat[0].nextafter(flat[0] + 1)
        tensors[name] = flat.view_as(tensors[name])
        before = file.read_bytes()
        save_file(tensors, file, metadata={"format": "pt"})
        after = file.read_bytes()
        assert len(before) == len(after)
        assert before != after


@pytest.fixture
def place(tmp_path, base, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    return Place(tmp_path, base)


def test_the_same_is_found_again(place):
    first = place.score()
    (file,) = place.kept()
    before = file.stat().st_mtime_ns
    assert place.score() == first
    assert file.stat().st_mtime_ns == before
    assert len(set(first["values"])) > 10


def test_a_changed_byte_in_the_weights_of_the_base_means_new_scores(place):
    first = place.score()
    place.move_a_weight()
    second = place.score()
    assert second["identity"]["target"] != first["identity"]["target"]
    assert second["identity"]["weights"] != first["identity"]["weights"]
    assert second["values"] != first["values"]
    assert len(place.kept()) == 2


def test_a_changed_byte_in_the_tokenizer_of_the_base_means_new_scores(place):
    first = place.score("length")
    config = place.model / "tokenizer_config.json"
    config.write_text(config.read_text() + "\n")
    assert place.score("length")["identity"]["target"] != first["identity"]["target"]
    assert len(place.kept()) == 2


def test_a_changed_byte_in_the_data_means_new_scores(place):
    first = place.score()
    for name in ("forget10", "forget10_perturbed"):
        file = place.data / f"{name}.json"
        file.write_text(file.read_text().replace("Ada 507", "Ida 507"))
    second = place.score()
    assert second["identity"]["data"] != first["identity"]["data"]
    assert second["values"] != first["values"]
    assert len(place.kept()) == 2


def test_every_option_and_the_seed_are_part_of_the_identity(place):
    first = place.score()
    others = [
        place.score("mrd", "mrd.sigma=0.002"),
        place.score("mrd", "mrd.batch_tokens=512"),
        place.score(seed=1),
        place.score("loss"),
    ]
    assert [other["identity"]["seed"] for other in others] == [0, 0, 1, 0]
    assert len({json.dumps(found["identity"], sort_keys=True) for found in (first, *others)}) == 5
    assert len(place.kept()) == 5
    assert others[2]["values"] != first["values"]
    assert others[2]["difficulty"] == first["difficulty"]


def test_what_a_difficulty_depends_on_and_its_version_are_part_of_the_identity(place, tmp_path):
    number = tmp_path / "number.txt"
    number.write_text("1")
    first = place.score("from-file", f"by.file={number}")
    number.write_text("2")
    second = place.score("from-file", f"by.file={number}")
    assert (first["identity"]["depends_on"], second["identity"]["depends_on"]) == ({"file": "1"}, {"file": "2"})
    assert second["values"] != first["values"]
    place.plugin.write_text(PLUGIN.replace("standard_normal", "standard_exponential"))
    third = place.score("from-file", f"by.file={number}")
    assert third["difficulty"]["dist_version"] != second["difficulty"]["dist_version"]
    assert third["values"] != second["values"]


def test_other_weights_from_the_same_recipe_mean_new_scores(place):
    """As after an upgrade of torch: the recipe is the same, and what it makes differs a little."""
    first = place.score()
    (folder,) = [f for f in (place.cache / "targets").iterdir() if f.is_dir()]
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] *= 1 + 1e-4
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    meta = json.loads((folder / "meta.json").read_text())
    meta["files"] = {name: digest for name, digest in digests(folder).items() if name != "meta.json"}
    (folder / "meta.json").write_text(meta_text({**meta, "digest": "0" * 64}))
    _open.cache_clear()  # as in a new process
    second = place.score()
    assert second["identity"] == {**first["identity"], "weights": "0" * 64}
    assert second["values"] != first["values"]
    # The draws are the same, so that weights that differ a little have scores that differ a little.
    other = place.score(seed=1)
    near, far = (np.abs(np.subtract(found["values"], first["values"])).max() for found in (second, other))
    assert near < far / 100


@pytest.mark.parametrize("spoil", ["cut", "edit", "empty"])
def test_a_torn_or_edited_file_is_found_and_made_again(place, spoil):
    first = place.score()
    (file,) = place.kept()
    whole = file.read_text()
    changed = json.loads(whole)
    changed["content"]["values"][0] = 1e9
    file.write_text({"cut": whole[:200], "edit": json.dumps(changed), "empty": ""}[spoil])
    again = place.score()
    assert again["values"] == first["values"]
    assert json.loads(file.read_text())["content"]["values"] == first["values"]


@pytest.mark.parametrize("name", ["model.safetensors", "meta.json"])
def test_a_target_changed_by_hand_is_made_again(place, name):
    first = place.score()
    other = place.model.with_name("other")
    (folder,) = [f for f in (place.cache / "targets").iterdir() if f.is_dir()]
    whole = (folder / name).read_bytes()
    if name == "meta.json":
        meta = json.loads(whole)
        (folder / name).write_text(json.dumps({**meta, "digest": "0" * 64}))
    else:
        (folder / name).write_bytes(whole[:-4] + bytes(4))
    shutil.copytree(place.model, other)  # opened last, so that the process reads the first one's target again
    place.model, mine = other, place.model
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    place.score("length")
    place.model = mine
    again = place.score("loss")
    assert again["identity"]["weights"] == first["identity"]["weights"]
    if name == "model.safetensors":
        assert (folder / name).read_bytes() == whole
    else:
        assert json.loads((folder / name).read_bytes())["digest"] == json.loads(whole)["digest"]


@pytest.mark.parametrize("recall", [None, 1.0])
def test_a_target_that_knows_less_than_it_should_is_told_with_every_score(tmp_path, monkeypatch, recall):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path))
    settings = [f"task.{name}={json.dumps(value)}" for name, value in {**QUICK, "stop_at_recall": recall}.items()]
    made, kept = (score_task(Registry.discover(), "biographies", "mrd-grad", settings) for _ in range(2))
    assert made["notes"] == kept["notes"]
    assert len(made["notes"]) == (recall is not None)
    assert all("stop at recall 1 and has" in line and line in trust_of(kept)["warnings"] for line in kept["notes"])
