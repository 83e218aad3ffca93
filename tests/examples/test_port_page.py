"""docs/how-to/port-from-open-unlearning.md: its two ports are one method, and its commands are understood."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

import fairforget
from fairforget.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "port-from-open-unlearning.md"
STUDY = {
    "name": "ports",
    "task": {
        "name": "biographies", "people": 6, "retain_people": 4, "holdout_people": 4, "samples": 2, "world_facts": 3,
        "frequencies": [8], "distributions": ["in"], "lengths": ["short", "long"], "rare_words": [0],
        "hidden_size": 64, "layers": 1, "vocabulary": 400, "epochs": 12, "learning_rate": 6.0e-3,
    },
    "draws": 1,
    "forget_size": 6,
    "methods": ["untouched", "guessing", "guessing-trainer", {"name": "guessing-trainer", "gamma": 0.5}],
    "budget": {"epochs": 4},
    "optimizer": {"lr": 3.0e-3, "batch_size": 4},
    "evaluation": {"max_new_tokens": 8},
    "engine": "inline",
}  # fmt: skip


@pytest.fixture
def pages():
    spec = importlib.util.spec_from_file_location("example_pages", Path(__file__).parent / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def written(tmp_path, monkeypatch, pages, installed):
    """Write the files of the page into the folder that we are in."""
    folder = tmp_path / "port"
    folder.mkdir()
    found = pages.files(PAGE)
    assert list(found) == ["my_trainers.py", "guessing.py", "guessing_trainer.py"]
    for name, text in found.items():
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.mark.slow
def test_both_ports_are_one_method(written, pages, capsys):
    plugins = ["guessing.py", "guessing_trainer.py"]
    fairforget.run(STUDY, "out", plugins=plugins)
    records = [json.loads(path.read_text()) for path in Path("out/cells").glob("*.json")]
    methods = [record["cell"]["method"] for record in records]
    keys = [(method["name"].split("/")[1], method["options"].get("gamma")) for method in methods]
    by_name = dict(zip(keys, records, strict=True))
    assert {r["status"] for r in records} == {"ok"}
    loss, trainer = by_name["guessing", 1.0], by_name["guessing-trainer", 1.0]
    for column, items in loss["items"].items():
        assert trainer["items"][column] == pytest.approx(items, rel=1e-3, abs=1e-3), column
    for key in ("updates", "forward_equivalents", "visits"):
        assert trainer["ledger"][key] == loss["ledger"][key]
    # Both did something, and the option is one.
    values = {key: r["scores"]["forget_probability"]["value"] for key, r in by_name.items()}
    assert values["guessing", 1.0] > values["untouched", None] + 0.1
    assert values["guessing-trainer", 0.5] != pytest.approx(values["guessing-trainer", 1.0], abs=1e-5)

    runs = [command for command in pages.commands(PAGE) if command[0] == "fairforget"]
    assert len(runs) == 2
    for command in runs:
        assert main([*command[1:], "--dry-run"]) == 0
        assert "guessing" in capsys.readouterr().out


def test_the_loss_of_the_page_is_as_short_as_it_says(pages):
    loss = pages.files(PAGE)["guessing.py"].split("    def loss")[1]
    assert len(loss.strip().splitlines()) <= 10
