"""The commands as calls, and `fairforget score`."""

import json
import subprocess
import sys

import pytest
import yaml

import fairforget
from fairforget.board.values import Board
from fairforget.cli import main

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


def test_score_prints_error_bars_reliability_and_cost(task, capsys):
    settings = [part for text in task for part in ("--set", text)]
    assert main(["score", "biographies", "--by", "mrd", *settings, "--set", "by.max_forwards=21"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "standard error",
        "split-half reliability",
        "higher is easier; 24 samples, 0 without a score",
        "cost: ",
    ):
        assert part in shown
    assert main(["score", "biographies", "--by", "length", *settings, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["ids"]) == len(found["values"]) == 24
    assert found["reliability"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biografies", "--by", "mrd"], "Did you mean 'biographies'"),
        (["biographies", "--by", "mdr"], "Did you mean 'mrd'"),
        (["biographies", "--by", "mrd", "--set", "by.sigme=1"], "Did you mean 'sigma'"),
        (["biographies", "--by", "mrd", "--set", "sigma=1"], "by.OPTION=value"),
        (["biographies", "--by", "mrd", "--set", "model.pth=x"], "Did you mean 'path'"),
        (["biographies", "--by", "mrd", "--model", "./no/such"], "no/such"),
    ],
)
def test_what_the_user_got_wrong_is_said(arguments, said, capsys):
    assert main(["score", *arguments]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


ASK = "import fairforget as f; print(callable(f.run), callable(f.board), callable(f.score))"
ORDERS = {"before": ASK, "after": f"import fairforget.run.session, fairforget.board.table; {ASK}"}


@pytest.mark.parametrize("code", ORDERS.values(), ids=ORDERS.keys())
def test_the_verbs_are_there_whatever_was_imported_before(code):
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 3


def test_python_m_is_the_same_program():
    ran = subprocess.run([sys.executable, "-m", "fairforget", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("fairforget ")
