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


def test_a_folder_of_claim_files_is_as_good_as_all_of_them(folder, tmp_path):
    files = [option for claim in CLAIMS for option in ("--claim", str(folder / f"{claim}.yaml"))]
    assert main(["claims", "report", str(folder), *files, "--out", str(tmp_path / "files")]) == 0
    assert main(["claims", "report", str(folder), "--claim", str(folder), "--out", str(tmp_path / "folder")]) == 0
    for name in ("claims.md", "claims.html"):
        assert (tmp_path / "folder" / name).read_bytes() == (tmp_path / "files" / name).read_bytes()


def test_a_folder_without_a_claim_of_the_report_is_said(folder, tmp_path, capsys):
    (tmp_path / "another.yaml").write_text("title: nothing\n")
    assert main(["claims", "report", str(folder), "--claim", str(tmp_path)]) == 2
    assert "no claim file in it has an outcome here" in capsys.readouterr().err
