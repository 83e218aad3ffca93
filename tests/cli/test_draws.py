"""``fairforget draws``: what it refuses, and what it leaves alone."""

from __future__ import annotations

import json
import shutil

import pytest

from fairforget.cli import main
from fairforget.lm.encode import Encoder

SMALL = {
    "people": 12, "retain_people": 4, "holdout_people": 4, "samples": 4, "world_facts": 4, "frequencies": [2],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 16, "layers": 1,
    "vocabulary": 400, "epochs": 1, "learning_rate": 6e-3,
}  # fmt: skip
STUDY = {
    "name": "small",
    "task": {"name": "biographies", **SMALL},
    "samplers": ["random", {"name": "binned", "by": "length", "bins": 2, "match": "none"}],
    "draws": 2,
    "forget_size": 8,
    "methods": ["untouched", {"name": "checkpoint", "path": "./no/such/{digest}"}],
    "budget": {"updates": 1},
    "optimizer": {"lr": 1.0e-3, "batch_size": 8},
    "engine": "inline",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study in a folder, and its draws."""
    folder = tmp_path_factory.mktemp("draws")
    (folder / "small.yaml").write_text(json.dumps(STUDY))
    assert main(["draws", str(folder / "small.yaml"), "--out", str(folder / "out")]) == 0
    return folder


@pytest.fixture
def mine(made, tmp_path):
    shutil.copytree(made / "out", tmp_path / "out")
    shutil.copy(made / "small.yaml", tmp_path)
    return tmp_path


def files(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".lock")
    }


def test_models_need_not_be_there_when_their_draws_are_written(made):
    manifest = json.loads((made / "out" / "manifest.json").read_text())
    strata = [(draw["sampler"]["name"], draw["stratum"], draw["index"]) for draw in manifest["draws"]]
    assert len(strata) == len(set(strata)) == 2 * (1 + 2)
    assert {str(path) for path in files(made / "out")} == {"manifest.json", *(d["file"] for d in manifest["draws"])}


def test_a_run_of_that_study_ends_before_anything_is_made(mine, capsys):
    command = ["run", str(mine / "small.yaml"), "--out", str(mine / "run")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "checkpoint: there is no folder" in said
    assert "making the target" not in said
    assert main([*command, "--dry-run"]) == 0
    assert "the study cannot run yet: checkpoint: there is no folder" in capsys.readouterr().out


def test_tokens_are_those_the_target_was_trained_on(made):
    from transformers import AutoTokenizer

    from fairforget.api import Sample, Template

    manifest = json.loads((made / "out" / "manifest.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(manifest["target"]["path"])
    encoder = Encoder(tokenizer, Template(**manifest["target"]["template"]), manifest["target"]["max_length"])
    lines = (made / "out" / manifest["draws"][0]["file"]).read_text().splitlines()
    for found in map(json.loads, lines):
        (encoded,) = encoder.encode([Sample(found["id"], found["prompt"], found["completion"])])
        assert found["input_ids"] == list(encoded.input_ids)
        assert found["scored_from"] == encoded.start
        assert tokenizer.decode(found["input_ids"][found["scored_from"] : -1]).strip() == found["completion"]
        assert found["input_ids"][-1] == tokenizer.eos_token_id


def test_the_same_draws_are_written_again_and_what_was_damaged_is_mended(mine):
    before = files(mine / "out")
    models = mine / "out" / "models" / "somebody's"
    models.mkdir(parents=True)
    damaged = next((mine / "out" / "draws").iterdir())
    damaged.write_text("")
    assert main(["draws", str(mine / "small.yaml"), "--out", str(mine / "out")]) == 0
    assert files(mine / "out") == before
    assert models.is_dir()


@pytest.mark.parametrize("setting", ["draws=3", "forget_size=4", "task.epochs=2", "samplers=[random]"])
def test_other_draws_do_not_take_the_place_of_those_that_somebody_works_on(mine, setting, capsys):
    before = files(mine / "out")
    assert main(["draws", str(mine / "small.yaml"), "--out", str(mine / "out"), "--set", setting]) == 2
    said = capsys.readouterr().err
    assert "holds other draws" in said
    assert "choose another --out" in said
    assert files(mine / "out") == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"draws": 3}', '{"task": 1, "target": [], "draws": {}}'])
def test_a_manifest_that_is_none_is_left_alone(mine, content, capsys):
    (mine / "out" / "manifest.json").write_text(content)
    assert main(["draws", str(mine / "small.yaml"), "--out", str(mine / "out")]) == 2
    assert "holds other draws" in capsys.readouterr().err
    assert (mine / "out" / "manifest.json").read_text() == content


def test_input_that_is_wrong_ends_with_a_message(mine, capsys):
    study = str(mine / "small.yaml")
    assert main(["draws", study]) == 2
    assert main(["draws", str(mine / "none.yaml"), "--out", str(mine / "new")]) == 2
    assert main(["draws", study, "--out", str(mine / "new"), "--set", "drws=3"]) == 2
    assert main(["draws", study, "--out", str(mine / "new"), "--set", "forget_size=999"]) == 2
    said = capsys.readouterr().err
    assert "Did you mean" in said
    assert "Traceback" not in said
    assert not (mine / "new" / "manifest.json").exists()
    (mine / "file").write_text("")
    assert main(["draws", study, "--out", str(mine / "file")]) == 2
