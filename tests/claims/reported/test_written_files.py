"""The files of the report: the same bytes from the same outcomes, and the command that writes them."""

from __future__ import annotations

import runpy
from pathlib import Path

from fairforget.claims.outcome_file import read_outcomes, write_outcomes
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.write import write_report
from fairforget.cli import main

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))
CLAIMS = world["CLAIMS"]


def test_the_same_files_make_the_same_bytes(folder, known, tmp_path):
    files = [folder / f"{claim}.yaml" for claim in CLAIMS]
    write_outcomes(tmp_path / "turned", reversed(read_outcomes(folder)))
    paths = [
        write_report(report(told(read_outcomes(source), known, given), known), tmp_path / name)
        for name, source, given in (("a", folder, files), ("b", tmp_path / "turned", list(reversed(files))))
    ]
    assert [path.name for path in paths[0]] == ["claims.html", "claims.md"]
    for one, other in zip(*paths, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert str(folder).encode() not in one.read_bytes()


def test_the_command_writes_both_beside_the_outcomes(folder, tmp_path, capsys):
    files = [option for claim in CLAIMS for option in ("--claim", str(folder / f"{claim}.yaml"))]
    assert main(["claims", "report", str(folder), *files, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(tmp_path / "claims.html"), str(tmp_path / "claims.md")]
    assert said.err == ""
    assert main(["claims", "report", str(folder / "claims.json"), *files, "--format", "md"]) == 0
    assert capsys.readouterr().out == (tmp_path / "claims.md").read_text()
    assert main(["claims", "report", str(folder), *files, "--format", "html", "--out", str(tmp_path / "one")]) == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["claims.html"]
    assert (tmp_path / "one" / "claims.html").read_bytes() == (tmp_path / "claims.html").read_bytes()


def test_the_command_says_what_it_does_not_find(tmp_path, capsys):
    assert main(["claims", "report", str(tmp_path)]) == 2
    assert "claims.json" in capsys.readouterr().err
    write_outcomes(tmp_path, [world["outcome"]("c7")])
    assert main(["claims", "report", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "claim c7: its claim file is not installed; give it with --claim FILE" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.html", "claims.json", "claims.md"]
    assert main(["claims", "report", str(tmp_path), "--claim", str(tmp_path / "none.yaml")]) == 2
