"""docs/how-to/unlearn-elsewhere.md from end to end: out, through a script that knows nothing of us, and back."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import fairforget
from fairforget.cli import main
from fairforget.store.results import Results

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "unlearn-elsewhere.md").read_text(encoding="utf-8")
SCRIPT = ROOT / "examples" / "unlearn-elsewhere" / "train.py"
# A target that is trained in a second, and metrics that take no minute.
SMALL = {
    "people": 12, "retain_people": 4, "holdout_people": 4, "samples": 4, "world_facts": 4, "frequencies": [2],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 64, "layers": 1,
    "vocabulary": 400, "epochs": 12, "learning_rate": 6e-3,
}  # fmt: skip


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def study() -> dict:
    found = yaml.safe_load(blocks("yaml")[0])
    evaluation = {"retain": 4, "holdout": 4, "others": 4, "max_new_tokens": 4}
    return {**found, "task": {"name": found["task"], **SMALL}, "evaluation": evaluation, "engine": "inline"}


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """The folder in which the commands of the page were run, one after another."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(SCRIPT, folder)
    (folder / "elsewhere.yaml").write_text(yaml.safe_dump(study()))
    before = Path.cwd()
    os.chdir(folder)
    try:
        for line in blocks("console")[0].splitlines():
            program, *arguments = shlex.split(line.removeprefix("$ "))
            if program == "fairforget":
                assert main(arguments) == 0, line
            else:
                assert program == "python"
                subprocess.run([sys.executable, *arguments], check=True, capture_output=True, timeout=300)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(scope="module")
def records(there):
    found, rejected = Results.read([there / "runs" / "elsewhere"])
    assert not rejected
    return found


def test_the_script_knows_nothing_of_fairforget():
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(SCRIPT.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"torch", "transformers", "peft"}


@pytest.mark.slow
def test_the_commands_of_the_page_lead_to_a_board(there, records):
    assert {record.status for record in records} == {"ok"}
    assert len(records) == 3 * len(study()["methods"])
    board = json.loads((there / "runs" / "elsewhere" / "board.json").read_text())
    rows = {row["label"]: row for row in board["tables"][0]["rows"]}
    assert rows.keys() == {"untouched", "grad-diff", "by hand", "by hand, LoRA"}
    for label in ("by hand", "by hand, LoRA"):
        assert rows[label]["unranked"] == "its ledger is declared, not measured"
        assert rows[label]["cost"]["declared"]
        assert rows[label]["cost"]["updates"] == 8
        assert rows[label]["cost"]["forward_equivalents"] == 3 * 128
    assert rows["grad-diff"]["rank"]["rank"] == 1
    text = (there / "runs" / "elsewhere" / "board.md").read_text()
    assert "no rank: its ledger is declared, not measured" in text
    assert "8 (declared)" in text
    assert "grad-diff by hand, LoRA 4; grad-diff by hand, all weights" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # of peft
def test_the_models_that_came_back_are_the_ones_measured(there, records):
    """What was unlearned elsewhere scores as the same weights do by transformers alone."""
    import torch
    from transformers import AutoModelForCausalLM

    manifest = json.loads((there / "draws" / "manifest.json").read_text())
    drawn = {draw["digest"]: draw for draw in manifest["draws"]}
    compared = 0
    for record in records:
        brought = record.cell["method"].get("brought")
        if brought is None:
            continue
        digest = record.cell["draw"]["digest"]
        if "all weights" in brought["made_by"]:
            model = AutoModelForCausalLM.from_pretrained(there / "draws" / "models" / digest)
        else:
            from peft import PeftModel

            base = AutoModelForCausalLM.from_pretrained(manifest["target"]["path"])
            model = PeftModel.from_pretrained(base, there / "lora" / digest)
        lines = (there / "draws" / drawn[digest]["file"]).read_text().splitlines()
        for sample in filter(lambda s: s["set"] == "forget", map(json.loads, lines)):
            ids, start = torch.tensor([sample["input_ids"]]), sample["scored_from"]
            with torch.no_grad():
                logprobs = model.eval()(input_ids=ids).logits[0].log_softmax(-1)
            # Of the completion, without the end of text.
            scored = logprobs[range(start - 1, ids.shape[1] - 2), ids[0, start:-1]]
            expected = 1 - float(scored.double().mean().exp())
            assert record.items["forget_probability"][sample["id"]] == pytest.approx(expected, abs=1e-4)
            compared += 1
    assert compared == 2 * 3 * 16


@pytest.mark.slow
def test_the_ledger_says_declared(there, records):
    for record in records:
        if "brought" not in record.cell["method"]:
            assert "basis" not in record.ledger
            continue
        declared = json.loads(
            (there / "draws" / "models" / record.cell["draw"]["digest"] / "unlearned.json").read_text()
        )
        assert record.ledger["basis"] == "declared, not measured"
        assert record.ledger["updates"] == declared["spent"]["updates"] == 8
        assert record.ledger["unlearning"]["forward_sequences"] == 0
        assert record.ledger["evaluation"]["forward_sequences"] > 0
        assert record.ledger["stopped"] == "elsewhere"


@pytest.mark.slow
def test_the_draws_are_those_of_the_run(there, records):
    manifest = json.loads((there / "draws" / "manifest.json").read_text())
    ran = {(r.cell["draw"]["stratum"], r.cell["draw"]["index"]): r.cell["draw"] for r in records}
    assert len(manifest["draws"]) == len(ran) == 3
    for draw in manifest["draws"]:
        cell = ran[draw["stratum"], draw["index"]]
        assert draw["digest"] == cell["digest"]
        file = there / "draws" / draw["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == draw["sha256"]
        samples = [json.loads(line) for line in file.read_text().splitlines()]
        forget = [s["id"] for s in samples if s["set"] == "forget"]
        retain = [s["id"] for s in samples if s["set"] == "retain"]
        assert forget == cell["forget"]
        assert (len(forget), len(retain)) == (draw["forget"], draw["retain"])
        assert not set(forget) & set(retain)
        assert draw["declare"] == {"digest": cell["digest"], "target": records[0].cell["target"]["id"]}
    assert manifest["task"]["data"] == records[0].cell["task"]["data"]


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do_and_a_moved_folder_is_the_same(there, monkeypatch):
    monkeypatch.chdir(there)
    command = ["run", "elsewhere.yaml", "--out", "runs/elsewhere"]
    cells = there / "runs" / "elsewhere" / "cells"
    before = {path.name: path.stat().st_mtime_ns for path in cells.iterdir()}
    shutil.move("lora", "moved")
    try:
        assert main([*command, "--set", "methods.3.path=./moved/{digest}"]) == 0
    finally:
        shutil.move("moved", "lora")
    assert {path.name: path.stat().st_mtime_ns for path in cells.iterdir()} == before


@pytest.mark.slow
def test_the_call_of_the_page_says_what_was_drawn(there, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(there)
    names: dict = {}
    exec(blocks("python")[0], names)  # the folder has these draws: they are written again, and are the same
    made = names["made"]
    assert [file.index for file in made.files] == [0, 1, 2]
    assert all(file.path.is_file() for file in made.files)
    capsys.readouterr()
    assert main(["draws", "elsewhere.yaml", "--out", "draws", "--json"]) == 0
    assert (
        json.loads(capsys.readouterr().out) == made.manifest == json.loads((there / "draws/manifest.json").read_text())
    )
    with pytest.raises(fairforget.FairforgetError, match="holds other draws"):
        fairforget.draws("elsewhere.yaml", "draws", settings=["draws=2"])


@pytest.mark.slow
def test_a_model_of_another_draw_ends_the_run_before_any_cell(there, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(there)
    shutil.copytree("draws/models", tmp_path / "models")
    one, other, _ = sorted((tmp_path / "models").iterdir())
    shutil.copy(one / "unlearned.json", other)
    _ = [path.rename(path.with_suffix(".bin")) for path in one.glob("*.safetensors")]
    command = ["run", "elsewhere.yaml", "--out", str(tmp_path / "out")]
    assert main([*command, "--set", f"methods.2.path={tmp_path}/models/{{digest}}"]) == 2
    said = capsys.readouterr().err
    assert "the model was unlearned from another forget set" in said
    assert "as a pickle" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "out").rglob("cells/*.json"))
