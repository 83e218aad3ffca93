from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from fairforget.board.forms.html import render_html
from fairforget.board.forms.write import FIGURES, RENDERERS
from fairforget.board.table import build
from fairforget.cli import main
from fairforget.store.results import Results


@pytest.fixture
def run(tmp_path, factory):
    folder = tmp_path / "runs" / "small"
    factory.write(factory.make_study(draws=3, seeds=1), folder)
    return folder


def test_the_ranking_is_printed(run, capsys):
    assert main(["board", str(run)]) == 0
    out, err = capsys.readouterr()
    assert "npo + mrd-weighted" in out
    assert err == ""
    assert sorted(path.name for path in run.iterdir()) == ["cells"]


@pytest.mark.parametrize("form", ["md", "html", "json", "tex"])
def test_a_format_goes_to_standard_output_and_nothing_else(run, capsys, form):
    assert main(["board", str(run), "--format", form]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    if form == "json":
        assert json.loads(out)["cells"] == len(list((run / "cells").iterdir()))
    if form == "html":
        assert out == render_html(build(Results.read([run]).records))


def test_files_go_where_they_should(run, tmp_path, capsys):
    assert main(["board", str(run / "cells"), "--out", str(tmp_path / "pages")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "pages" / f"board.{f}") for f in ("md", "html", "json")
    ]
    assert main(["board", str(run), "--out", str(tmp_path / "one"), "--format", "md"]) == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["board.md"]


def test_the_plan_tells_what_is_missing(run, capsys):
    keys = [path.stem for path in (run / "cells").iterdir()]
    (run / "plan.json").write_text(json.dumps({"cells": [*keys, "0" * 24]}))
    assert main(["board", str(run)]) == 0
    assert "1 missing" in capsys.readouterr().out
    for nonsense in ("[]", '{"cells": ["../x"]}', "{", '{"cells": 3}'):
        (run / "plan.json").write_text(nonsense)
        assert main(["board", str(run)]) == 0
        assert "missing" not in capsys.readouterr().out


def test_a_file_that_cannot_be_used_is_named_and_is_wrong_input(run, capsys):
    (run / "cells" / f"{'0' * 24}.json").write_text("{")
    assert main(["board", str(run), "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert f"{'0' * 24}.json is not used: not JSON" in err
    assert json.loads(out)["rejected"][0][0] == f"{'0' * 24}.json"
    assert str(run) not in out


def test_a_failed_cell_is_a_failure(run, factory, capsys):
    factory.write([factory.make_record(factory.make_cell(seed=9), status="failed", scores={}, items={})], run)
    assert main(["board", str(run)]) == 1
    assert "1 of" in capsys.readouterr().err


def test_wrong_input_is_a_message(run, tmp_path, capsys):
    assert main(["board", str(run.with_name("smal"))]) == 2
    assert f"Did you mean {run}?" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["board", str(tmp_path / "empty")]) == 2
    assert "there are no cells in" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["board", str(run), "--out", str(tmp_path / "file")]) == 2
    assert "a file is where a folder should be" in capsys.readouterr().err
    assert main(["board", str(run), "--format", "pdf"]) == 2


def test_the_board_needs_no_torch_and_no_pandas(run):
    code = (
        "import sys\nfrom fairforget.cli import main\n"
        f"assert main(['board', {str(run)!r}, '--out', {str(run)!r}]) == 0\n"
        "assert not {'torch', 'transformers', 'pandas', 'scipy.stats'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_every_format_that_can_be_made_can_be_asked_for(capsys):
    assert main(["board", "--help"]) == 0
    (names,) = set(re.findall(r"--format \{([a-z,]+)\}", capsys.readouterr().out))
    assert names.split(",") == [*RENDERERS, *FIGURES]


def test_figures_are_files(run, tmp_path, capsys):
    assert main(["board", str(run), "--format", "svg", "--out", str(tmp_path / "figures")]) == 0
    written = sorted((tmp_path / "figures").iterdir())
    assert sorted(capsys.readouterr().out.split()) == list(map(str, written))
    assert {path.name for path in written} >= {"1-plane.svg", "1-scores.svg"}


@pytest.mark.parametrize("form", FIGURES)
def test_figures_need_a_folder(run, capsys, form):
    assert main(["board", str(run), "--format", form]) == 2
    assert "say with --out DIR where they go" in capsys.readouterr().err


def test_a_board_without_figures_says_so(tmp_path, factory, capsys):
    failed = {**factory.make_record(factory.make_cell()), "status": "failed", "scores": {}, "items": {}}
    factory.write([failed], tmp_path / "run")
    assert main(["board", str(tmp_path / "run"), "--format", "svg", "--out", str(tmp_path / "figures")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is nothing to draw yet" in err
