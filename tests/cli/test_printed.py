"""What a command prints can steer no terminal, whatever a file, a plugin or a folder is called."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fairforget.cli
from fairforget.cli import main

FILES = sorted(Path(fairforget.cli.__file__).parent.glob("*.py"))


def safe(text: ast.expr) -> bool:
    """Whether text is written out in the source, or made harmless: JSON escapes everything outside ASCII."""
    called = ast.unparse(text.func) if isinstance(text, ast.Call) else ""
    return isinstance(text, ast.Constant) or called in {"printable", "json.dumps"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_whatever_is_printed_is_made_harmless(file):
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    printed = [text for call in calls if ast.unparse(call.func) == "print" for text in call.args]
    assert [ast.unparse(text) for text in printed if not safe(text)] == []


def test_the_label_of_a_method_that_is_tuned(tmp_path, capsys):
    (tmp_path / "study.yaml").write_text(
        "name: tiny\ntask: biographies\ndraws: 3\nforget_size: 8\nbudget: {epochs: 1}\ntuning: {trials: 2}\n"
        'optimizer: {lr: 1.0e-4, batch_size: 4}\nmethods: [{name: npo, label: "\\e[2J\\x1f"}]\n'
    )
    assert main(["run", str(tmp_path / "study.yaml"), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "searches" in out
    assert not {"\x1b", "\x1f"} & set(out)
