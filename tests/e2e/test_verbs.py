"""The commands as calls, and `fairforget score`."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import fairforget
from fairforget.board.values import Board
from fairforget.cli import main
from fairforget_samplers.difficulty.loss import Loss

pytestmark = pytest.mark.slow


@pytest.fixture
def task(lab):
    """The options of the tiny task as settings of `score`."""
    study = yaml.safe_load(lab.file.read_text())
    return [f"task.{key}={json.dumps(value)}" for key, value in study["task"].items() if key != "name"]


def test_run_takes_a_mapping_and_returns_a_frame(lab):
    study = yaml.safe_load(lab.file.read_text()) | {"methods": ["untouched"], "samplers": ["random"]}
    frame = fairforget.run(study, lab.out)
    assert set(frame["method"]) == {"fairforget/untouched"}
    assert sorted(frame.loc[frame["column"] == "forget_ma", "draw"]) == [0, 1, 2]
    assert (frame.loc[frame["column"] == "forget_ma", "value"] > 0.95).all()
    assert (lab.out / "board.md").exists()


def test_board_of_a_folder_is_the_board_of_its_run(finished):
    board = fairforget.board(finished.out)
    assert isinstance(board, Board)
    assert board.to_json() == json.loads((finished.out / "board.json").read_text())


def test_score_returns_every_sample_with_what_holds_for_all(task):
    frame = fairforget.score("biographies", "mrd", settings=[*task, "by.max_forwards=21"])
    assert len(frame) == 24
    assert (frame["score"] > 0).all()
    assert frame["stderr"].notna().all()
    assert frame.attrs["higher_is"] == "easier"
    assert 0 <= frame.attrs["reliability"] <= 1
    assert frame.attrs["difficulty"]["options"]["max_forwards"] == 21
    again = fairforget.score("biographies", "mrd", settings=[*task, "by.max_forwards=21"])
    assert again["score"].tolist() == frame["score"].tolist()
    other = fairforget.score("biographies", "mrd", settings=[*task, "by.max_forwards=21"], seed=1)
    assert other["score"].tolist() != frame["score"].tolist()
    assert (frame.attrs["seed"], other.attrs["seed"]) == (0, 1)
    assert other.attrs["trust"]["reliability"] == other.attrs["reliability"]


def test_a_study_and_score_share_what_is_kept(finished, task, monkeypatch):
    monkeypatch.setattr(Loss, "score", lambda *_: pytest.fail("the study has these scores made"))
    found = fairforget.score("biographies", "loss", settings=task)
    assert len(found) == 24
    with pytest.raises(pytest.fail.Exception, match="made"):
        fairforget.score("biographies", "loss", settings=[*task, "task.seed=5", "task.epochs=1"])


def test_a_study_refuses_bins_of_noise(lab, capsys):
    sampler = "{name: binned, by: {name: mrd, max_forwards: 5}, match: none, min_reliability: %s}"
    study = ("--set", "methods=[untouched]", "--set")
    assert lab.run(*study, f"samplers=[{sampler % 0.99}]") == 2
    said = capsys.readouterr().err
    assert re.search(r"mrd has split-half reliability 0\.\d\d; min_reliability is 0\.99", said)
    assert "max_forwards: 10" in said
    assert not lab.records()
    assert lab.run(*study, f"samplers=[{sampler % 0}]") == 0
    assert len(lab.records()) == 9


def test_score_prints_error_bars_trust_and_cost(task, capsys):
    settings = [part for text in task for part in ("--set", text)]
    assert main(["score", "biographies", "--by", "mrd", *settings, "--set", "by.max_forwards=21"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "standard error",
        "higher is easier",
        r"samples +24, of which 24 have a score",
        r"split-half reliability +0\.\d{3}",
        r"standard error, median +[\d.e-]+ \(\d+ % of the score\)",
        r"near-zero tokens +[\d.]+ %",
        r"clamped tokens +\d+ \([\d.]+ %\)",
        r"non-finite draws +\d+",
        r"cost +[\d,]+ forward and 0 backward sequences, [\d.]+ s",
    ):
        assert re.search(part, shown), part
    assert main(["score", "biographies", "--by", "mrd", *settings, "--set", "by.max_forwards=5", "--seed", "1"]) == 0
    assert re.search(r"warning +mrd: reliability 0\.\d+ after 5 forwards", capsys.readouterr().out)


def test_score_as_json_has_trust_seed_and_identity(task, capsys):
    settings = [part for text in task for part in ("--set", text)]
    assert main(["score", "biographies", "--by", "mrd", *settings, "--set", "mrd.max_forwards=5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["ids"]) == len(found["values"]) == len(found["stderr"]) == 24
    assert found["trust"]["forward_sequences"] == found["ledger"]["forward_sequences"] == 24 * 5
    assert found["trust"]["reliability"] == found["reliability"]
    assert found["trust"]["warnings"] == found["details"]["warnings"]
    assert found["identity"]["seed"] == found["seed"] == 0
    assert main(["score", "biographies", "--by", "loss", "--by", "length", *settings, "--json"]) == 0
    loss, length = json.loads(capsys.readouterr().out)["scores"]
    assert (loss["difficulty"]["name"], length["difficulty"]["name"]) == ("fairforget/loss", "fairforget/length")
    assert length["reliability"] is None
    assert not length["trust"]["random"]


def test_score_reports_beside_attributes(task, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["score", "biographies", "--by", "mrd", "--by", "mrd-grad", "--set", "mrd.max_forwards=9"]
    arguments += [part for text in task for part in ("--set", text)]
    assert main([*arguments, "--report", "--sigmas", "1e-3,2e-3", "--draws", "5,9"]) == 0
    said = capsys.readouterr()
    folder = tmp_path / "reports" / "biographies-mrd-mrd-grad"
    files = sorted(path.name for path in folder.iterdir())
    assert files == [
        "attributes-mrd-grad.svg", "attributes-mrd.svg", "report.json", "report.md", "sensitivity-mrd-grad.svg",
        "sensitivity-mrd.svg",
    ]  # fmt: skip
    assert all(str(Path("reports", "biographies-mrd-mrd-grad", name)) in said.out for name in files)
    assert re.search(r"length +24 +-?\d\.\d\d \(", said.out)
    assert "mrd and mrd-grad: " in said.out
    report = json.loads((folder / "report.json").read_text())
    mrd, grad = report["scores"]
    assert [len(sweep["points"]) for sweep in mrd["sweeps"]] == [2, 2]
    assert [sweep["option"] for sweep in mrd["sweeps"]] == ["sigma", "max_forwards"]
    # The closed form is linear in sigma, to the bit of its ranks.
    (sigma,) = grad["sweeps"]
    assert sigma["slope"] == pytest.approx(1, abs=1e-6)
    assert sigma["points"][1]["correlation"] == pytest.approx(1)
    gaps = {a["name"]: a["gap"] for a in report["attributes"] if a["gap"]}
    assert not gaps.keys() & {"length", "initial-probability", "frequency", "loss", "grad-norm", "rare-words"}
    page = (folder / "report.md").read_bytes()
    assert main([*arguments, "--report", "--sigmas", "1e-3,2e-3", "--draws", "5,9", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0] == "reports/biographies-mrd-mrd-grad/report.md"
    assert (folder / "report.md").read_bytes() == page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biografies", "--by", "mrd"], "Did you mean 'biographies'"),
        (["biographies", "--by", "mdr"], "Did you mean 'mrd'"),
        (["biographies", "--by", "mrd", "--set", "by.sigme=1"], "Did you mean 'sigma'"),
        (["biographies", "--by", "mrd", "--set", "sigma=1"], "by.OPTION=value"),
        (["biographies", "--by", "mrd", "--by", "loss", "--set", "by.sigma=1"], "NAME.OPTION=value"),
        (["biographies", "--by", "mrd", "--by", "loss", "--set", "mdr.sigma=1"], "Did you mean 'mrd'"),
        (["biographies", "--by", "mrd", "--by", "mrd"], "--by mrd stands there twice"),
        (["biographies", "--by", "mrd", "--seed", "-1"], "a seed is 0 or more"),
        (["biographies", "--by", "mrd", "--draws", "5"], "add --report"),
        (["biographies", "--by", "mrd", "--report", "--draws", "5,x"], "no list of positive whole numbers"),
        (["biographies", "--by", "mrd", "--report", "--sigmas", "0"], "no list of positive numbers"),
        (["biographies", "--by", "mrd", "--set", "model.pth=x"], "Did you mean 'path'"),
        (["biographies", "--by", "mrd", "--model", "./no/such"], "no/such"),
    ],
)
def test_what_the_user_got_wrong_is_said(arguments, said, capsys):
    assert main(["score", *arguments]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


ASK = "import fairforget as f; print(callable(f.run), callable(f.board), callable(f.compare), callable(f.score))"
ORDERS = {
    "before": ASK,
    "after": f"import fairforget.run.session, fairforget.board.table, fairforget.compare.build; {ASK}",
}


@pytest.mark.parametrize("code", ORDERS.values(), ids=ORDERS.keys())
def test_the_verbs_are_there_whatever_was_imported_before(code):
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 4


def test_python_m_is_the_same_program():
    ran = subprocess.run([sys.executable, "-m", "fairforget", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("fairforget ")
