"""The forms of a board, as docs/reference/board.md describes them."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from fairforget.board.forms import drawing
from fairforget.board.forms.latex import MOST_LINES
from fairforget.board.forms.write import FIGURES, RENDERERS
from fairforget.board.sheets.pairs import MOST_ALL
from fairforget.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "board.md").read_text(encoding="utf-8")
FORMS = re.search(r"^## Forms\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
COMMANDS = re.findall(r"^\$ (fairforget .*)$", FORMS, re.MULTILINE)


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("record_factory", ROOT / "tests" / "board" / "factory.py")
    factory = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(factory)
    factory.write(factory.make_study(draws=3, seeds=1), tmp_path / "runs" / "quickstart")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_write_what_it_says(quickstart, capsys):
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        words, _, said = command.partition("#")
        before = set(quickstart.rglob("*"))
        assert main(shlex.split(words)[1:]) == 0
        new = {str(path.relative_to(quickstart)) for path in set(quickstart.rglob("*")) - before if path.is_file()}
        for name in re.findall(r"[\w/.-]+\.(?:md|html|json|tex|svg)", said):
            assert any(path.endswith(name) for path in new), name
        assert new or "terminal" in said


def test_every_form_is_in_it():
    rows = "".join(re.findall(r"^\| (`.*?`) \|", FORMS.split("###")[0], re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", rows)) == {*RENDERERS, *FIGURES}


def test_the_labels_of_tables_are_those_of_the_file(quickstart, capsys):
    assert main(["board", "runs/quickstart", "--format", "tex"]) == 0
    written = re.findall(r"\\label\{(.*?)(?:-\d)?\}", capsys.readouterr().out)
    described = re.findall(r"^\| `(tab:.*?)`", FORMS, re.MULTILINE)
    assert [name for name in described if name in written] == list(dict.fromkeys(written))
    assert set(described) - set(written) <= {"tab:fairforget-1-matched", "tab:fairforget-1-reversals"}
    assert re.search(r"more\s+than (\d+) rows", FORMS)[1] == str(MOST_LINES)
    assert MOST_ALL == 8


def test_every_figure_is_described_in_the_order_of_the_page():
    figures = FORMS.partition("### Figures")[2].partition("\n### ")[0]
    made = [Path(make.__code__.co_filename).read_text(encoding="utf-8") for make in drawing._FIGURES]
    described = re.findall(r"^\| `([a-z]+)` \|", figures, re.MULTILINE)
    assert len(described) == len(made)
    for name, source in zip(described, made, strict=True):
        assert re.search(rf"Drawing\(\s*(?:name=)?\"{name}\"", source), name


def test_what_it_says_of_python_holds(quickstart):
    (source,) = re.findall(r"```python\n(.*?)```", FORMS, re.DOTALL)
    scope = {}
    exec(source, scope)
    score = scope["board"].tables[0].rows[0].headline.score
    assert score.low < score.mean < score.high
    assert score.n == 3
