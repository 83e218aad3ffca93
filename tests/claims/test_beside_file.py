"""What a claim file says of the figures and tables of its source: every fault has its line and its mend."""

from __future__ import annotations

import itertools
import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from fairforget.claims.claim_file import ClaimFile
from fairforget.claims.open import open_claim
from fairforget.claims.printed.named import printed_number
from fairforget.claims.printed.table import Table, read_table
from fairforget.claims.read import read_claim
from fairforget.errors import FairforgetError
from fairforget.registry import Registry

world = runpy.run_path(str(Path(__file__).parent / "report_world.py"))
REGISTRY = Registry.discover()
TABLE = {
    "source": {"paper": "arXiv:0000.00000", "where": "Table 9"},
    "title": "Planted",
    "taken": "from nowhere",
    "columns": {"low": {"unit": "MRD"}, "high": {"unit": "MRD"}, "none": {"unit": "MRD"}},
    "rows": {
        "frequency": {"low": 0.5, "high": 0.125, "none": 0.0},
        "length": {"low": 0.25, "high": 1.0, "none": 0.0},
        "complexity": {"low": 1.0},
    },
}
LINE = {"rows": ["frequency"], "column": "low", "ours": "low"}
STUDY = {
    **json.loads(world["claim_file"]("c1"))["study"],
    "budget": {"epochs": 1},
    "optimizer": {"name": "adamw", "lr": 0.001, "batch_size": 4},
    "methods": ["npo", "grad-diff"],
}
FIGURE = {"name": "Figure 4", "shows": "Points."}


@pytest.fixture
def claim_with(tmp_path):
    """Return a claim file with what stands beside it."""
    (tmp_path / "table.yaml").write_text(json.dumps(TABLE))

    def written(claim="c12", /, figures=(), line=None, file="./table.yaml", **options):
        path = tmp_path / f"{claim}.yaml"
        tables = [] if line is None else [{"file": file, "lines": {"ours": line}}]
        statistic = {**world["CLAIMS"][claim], **options}
        controls = {"shuffled": {"statistic": statistic, "because": "Nothing is there."}}
        beside = {"figures": list(figures), "tables": tables}
        changes = {"beside": beside, "statistic": statistic, "controls": controls, "study": STUDY}
        path.write_text(world["claim_file"](claim, **changes))
        return path

    return written


def faults(path):
    with pytest.raises(FairforgetError) as caught:
        open_claim(path, REGISTRY)
    return str(caught.value)


def test_what_is_right_opens(claim_with):
    open_claim(claim_with(figures=[FIGURE], line=LINE), REGISTRY)
    open_claim(claim_with("c7", line={**LINE, "ours": "pair npo"}), REGISTRY)
    for drawn in ("bars", "spread"):
        open_claim(claim_with("c1", figures=[{**FIGURE, "drawn": drawn}]), REGISTRY)
    open_claim(claim_with("c11", figures=[{**FIGURE, "value": 0.64}]), REGISTRY)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"rows": ["frequenzy"]}, "Table 9: there is no row 'frequenzy'. Did you mean 'frequency'?"),
        ({"column": "hig"}, "Table 9: there is no column 'hig'. Did you mean 'high'?"),
        ({"by": "lo"}, "Table 9: there is no column 'lo'. Did you mean 'low'?"),
        ({"less": ["lenght"]}, "Table 9: there is no row 'lenght'. Did you mean 'length'?"),
        ({"rows": ["complexity"], "column": "high"}, "row 'complexity' prints no 'high'; it prints low"),
        ({"by": "none"}, "the column 'none' is 0 there"),
        ({"ours": "hihg"}, "Did you mean 'high'?"),
        ({"ours": "pair "}, "is 'pair METHOD' or one of our numbers"),
        ({"ours": 3}, "is 'pair METHOD' or one of our numbers"),
        ({"ours": "pair npo"}, "'score-agreement' has no pairs of rows; paired-difference can"),
        ({"rows": []}, "rows: must have at least 1 entry"),
        ({"row": "frequency"}, "Did you mean 'rows'?"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_place(claim_with, line, said):
    told = faults(claim_with(line={**LINE, **line}))
    assert said in told
    assert re.search(r"c12\.yaml:1: beside\.tables\.0\.lines\.ours", told), told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("claim", "figure", "said"),
    [
        ("c12", {"drawn": "bar"}, "Did you mean 'bars'?"),
        ("c12", {"drawn": "bars"}, "'score-agreement' hands on no value of every forget set; paired-difference,"),
        ("c12", {"value": 0.64}, "'score-agreement' draws no line across; sensitivity-slope can"),
        ("c11", {"value": -1.0}, "value: must be greater than 0"),
        ("c11", {"value": float("inf")}, "value"),
    ],
)
def test_a_figure_that_is_wrong_is_told(claim_with, claim, figure, said):
    assert said in faults(claim_with(claim, figures=[{**FIGURE, **figure}]))


def test_means_of_ranks_stand_beside_no_mean(claim_with):
    assert "write scale: raw" in faults(claim_with("c13", line=LINE))
    for scale in ("raw", "log"):
        open_claim(claim_with("c13", line=LINE, scale=scale), REGISTRY)


@pytest.mark.parametrize("file", ["table.yaml", "/etc/passwd", "../table.yaml", "./none.yaml", "./link.yaml", "./."])
def test_a_table_lies_beside_the_claim(claim_with, file, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(json.dumps(TABLE))
    (tmp_path / "link.yaml").symlink_to(outside)
    told = faults(claim_with(line=LINE, file=file))
    assert "beside.tables.0.file" in told
    assert any(word in told for word in ("write ./FILE.yaml", "leads out of the folder", "there is no file"))
    assert "Planted" not in told


def test_what_is_wrong_in_the_table_is_told(claim_with, tmp_path):
    path = claim_with(line=LINE)
    (tmp_path / "table.yaml").write_text(json.dumps({**TABLE, "rows": {"a": {"nowhere": 1.0}}}))
    assert "nowhere" in faults(path)


def test_printed_numbers_are_computed_from_those_that_are_printed(claim_with):
    table = Table.model_validate_json(json.dumps(TABLE))

    def number(**line):
        read = read_claim(claim_with(line={"ours": "low", **line}), REGISTRY)
        return printed_number(table, read.file.beside.tables[0].lines["ours"])

    assert number(rows=["frequency"], column="low") == 0.5
    assert number(rows=["frequency", "length"], column="low") == 0.375
    assert number(rows=["frequency", "length"], column="low", less=["complexity"]) == -0.625
    assert number(rows=["frequency"], column="high", by="low") == 0.25


def shipped():
    entries = [entry for entry in REGISTRY.entries("claim") if entry.dist == "fairforget"]
    return {entry.name: read_claim(entry.name, REGISTRY).file for entry in entries}


def test_what_the_paper_draws_and_prints_stands_beside_a_claim():
    found = {name: file.beside for name, file in shipped().items() if file.beside is not None}
    named = set(itertools.chain.from_iterable([figure.name for figure in one.figures] for one in found.values()))
    assert {"Figure 2", "Figure 3", "Figure 4", "Figure 5a", "Figure 5b"} <= named
    tables = {table.file for one in found.values() for table in one.tables}
    assert {"../paper/table1.yaml", "../paper/table7.yaml"} <= tables


def test_the_gains_beside_c7_are_those_of_the_table():
    table = read_claim("c7", REGISTRY)
    lines = table.file.beside.tables[0].lines
    path = (table.path.parent / table.file.beside.tables[0].file).resolve()
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    pairs = [("CGA", "SGA"), *((f"{name}+", name) for name in ("GradDiff", "PO", "NPO"))]
    gains = [rows[new]["UC"] - rows[old]["UC"] for new, old in pairs]
    printed = [printed_number(read_table(path), line) for line in lines.values()]
    assert printed == pytest.approx([sum(gains) / 4, *gains])
    assert next(iter(lines.values())).ours == "effect"


def test_a_claim_needs_nothing_beside_it():
    assert ClaimFile.model_fields["beside"].default is None
    open_claim("c15", REGISTRY)
