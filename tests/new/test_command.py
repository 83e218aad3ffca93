"""``fairforget new`` on the command line."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from fairforget.cli import main
from fairforget.new.naming import NEW_KINDS

HEAVY = {"torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas"}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_it_writes_the_folder_and_says_what_to_type_next(kind, tmp_path, capsys):
    assert main(["new", kind, "sleepy"]) == 0
    said, errors = capsys.readouterr()
    assert errors == ""
    above, _, below = said.partition("\nNext:\n")
    listed = {os.path.normpath(line) for line in above.splitlines()}
    assert listed == {
        str(path.relative_to(tmp_path)) for path in (tmp_path / "fairforget-sleepy").rglob("*") if path.is_file()
    }
    assert below.splitlines()[0] == "  cd fairforget-sleepy"
    assert "  fairforget check sleepy" in below.splitlines()


def test_the_folder_may_be_another(tmp_path, capsys):
    assert main(["new", "task", "sleepy", "--out", "my plugins/sleepy", "--author", "Ada <a@b.org>"]) == 0
    assert "  cd 'my plugins/sleepy'\n" in capsys.readouterr().out
    assert 'email = "a@b.org"' in (tmp_path / "my plugins" / "sleepy" / "pyproject.toml").read_text()
    assert not (tmp_path / "fairforget-sleepy").exists()


def test_what_it_says_to_type_is_taken_where_another_kind_has_the_name(capsys, tmp_path):
    assert main(["new", "sampler", "npo", "--out=-p", "--json"]) == 0
    following = json.loads(capsys.readouterr().out)["next"]
    assert following[0] == "cd ./-p"
    module = str(tmp_path / "-p" / "fairforget_npo.py")
    (show,) = [shlex.split(line)[1:] for line in following if " show " in line]
    assert main([*show, "--plugin", module]) == 0
    assert "short" in capsys.readouterr().out
    assert "fairforget check npo --kind sampler" in following


def test_json_is_all_that_is_printed(capsys, tmp_path):
    assert main(["new", "metric", "sleepy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["folder"] == "fairforget-sleepy"
    assert all((tmp_path / found["folder"] / place).is_file() for place in found["files"])
    assert found["next"][0] == "cd fairforget-sleepy"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["metod", "sleepy"], "Did you mean 'method'?"),
        (["method", "Half_Asleep"], "write 'half-asleep'"),
        (["method", "../sleepy"], "write 'sleepy'"),
        (["method", "npo"], "there is a method 'npo' already"),
        (["method", "sleepy", "--author", "Ada <nobody>"], "--author"),
        (["method", "sleepy", "--out", "there"], "'there' exists already"),
        (["method", "sleepy", "--out", "."], "'.' exists already"),
        (["method", "sleepy", "--out", "there/file.txt/new"], "a file is where a folder should be"),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_is_written(arguments, said, tmp_path, capsys):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file.txt").write_text("mine")
    assert main(["new", *arguments]) == 2
    printed, errors = capsys.readouterr()
    assert said in errors
    assert errors.count("\n") == 1
    assert printed == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file.txt", "there"]


def test_nothing_heavy_is_imported(tmp_path):
    code = (
        "import sys\nfrom fairforget.cli import main\n"
        "assert main(['new', 'difficulty', 'sleepy']) == 0\nprint(*{n.partition('.')[0] for n in sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not HEAVY & set(ran.stdout.splitlines()[-1].split())
