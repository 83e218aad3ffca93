"""The tables for papers, read back by an independent parser of LaTeX."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexMacroNode, LatexWalker

from fairforget.board.about import About
from fairforget.board.forms.latex import MOST_LINES, render_latex
from fairforget.board.forms.latex_text import escape, number, stacked
from fairforget.board.forms.paper import paper
from fairforget.board.table import build
from fairforget.board.text import shown

OURS = set(
    "bottomrule caption centering cmidrule footnotesize label linewidth midrule multicolumn parbox scriptsize "
    "ref setlength shortstack smallskip tabcolsep textbf toprule \\".split()
)
SIGNS = set(
    "textbackslash { } $ & # % _ textasciicircum textasciitilde textless textgreater textbar ldots pm times cdot "
    "rightarrow uparrow downarrow leq geq neq approx infty ifdefined Uchar else fi "
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma varsigma tau upsilon "
    "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
HOSTILE = (
    r"\input{/etc/passwd}",
    r"\write18{rm -rf /}",
    "}\\end{tabular}{",
    "a & b \\\\ c",
    "100 % sure",
    "$\\def\\x{\\x}\\x$",
    "[2pt] *-star",
    "^^5cinput ^^M",
    "日本語 \U0001f600 λ é",
    "#1 ~ _x_ ?` !` --- ``''",
    "n" * 9_000,
    "",
)
# What the parser does not know, or prints in another way.
READ = {
    "{''}": '"',
    "$^2$": "²",
    "$^3$": "³",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
}
QUOTES = str.maketrans({"\u2019": "'", "\u2018": "`", "\u201d": '"', "\u201c": '"'})


def printed(tex: str) -> str:
    """What a reader sees, with quotes as they are typed, under an engine of Unicode."""
    tex = re.sub(r"\{\\ifdefined\\Uchar (.)\\else \[U\+[0-9A-F]+\]\\fi\}", r"\1", tex, flags=re.DOTALL)
    for i, ours in enumerate(READ):
        tex = tex.replace(ours, chr(0x10FF00 + i))
    text = LatexNodes2Text(keep_comments=True).latex_to_text(tex)
    for i, sign in enumerate(READ.values()):
        text = text.replace(chr(0x10FF00 + i), sign)
    return unicodedata.normalize("NFC", text).translate(QUOTES)


def nodes(found):
    for node in found or ():
        if node is not None:
            yield node
            yield from nodes(getattr(node, "nodelist", ()))
            yield from nodes(node.nodeargd.argnlist if getattr(node, "nodeargd", None) else ())


def commands(tex: str) -> set[str]:
    walker = LatexWalker(tex, tolerant_parsing=False)
    return {node.macroname for node in nodes(walker.get_latex_nodes()[0]) if node.isNodeType(LatexMacroNode)}


@pytest.fixture(scope="module")
def board(factory):
    return build(factory.read(factory.make_study()))


def test_every_line_of_a_table_has_as_many_cells_as_columns(board):
    tex = render_latex(board)
    tables = re.findall(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}\n(.*?)\\end\{tabular\}", tex, re.DOTALL)
    assert len(tables) == 7
    for columns, body in tables:
        lines = [line for line in body.splitlines() if line.endswith("\\\\") and "multicolumn" not in line]
        assert lines
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(columns)}


def test_the_figures_are_those_of_the_board(board):
    tex = render_latex(board)
    best = board.tables[0].rows[0]
    score = best.headline.score
    (line, below) = re.search(rf"^1 & \\textbf\{{{re.escape(best.label)}\}} & (.*)\n(.*)$", tex, re.MULTILINE).groups()
    assert line.startswith(f"{score.mean:.3f} &")
    assert f"$\\pm$ {score.half_width:.3f}" in below


def test_the_paper_has_its_columns_and_the_averages_of_the_board(board):
    table = board.tables[0]
    sheet = paper(table)
    assert [head.label for head in sheet.heads] == [
        "method", "ROUGE-L ↑", "unlearning accuracy ↑", "MIA ↑", "Avg. ↑",
        "retain, ROUGE-L ↑", "retain, Acc. ↑", "world, ROUGE-L ↑", "Avg. ↑",
    ]  # fmt: skip
    for row, line in zip(table.rows, sheet.lines, strict=True):
        numbers = [cell.order for cell in line.cells[1:]]
        assert numbers[3] == row.headline.completeness.mean
        assert numbers[7] == row.headline.utility.mean
        assert sum(numbers[:3]) / 3 == pytest.approx(numbers[3])
        assert sum(numbers[4:7]) / 3 == pytest.approx(numbers[7])
    assert r"\multicolumn{4}{c}{Unlearning completeness} & \multicolumn{4}{c}{Utility}" in render_latex(board)
    assert "\\cmidrule(lr){2-5}\n\\cmidrule(lr){6-9}" in render_latex(board)


def test_of_many_measurements_those_of_the_averages_are_printed(factory):
    records = []
    for index in range(3):
        record = factory.make_record(factory.make_cell(index=index))
        for i in range(9):
            record["scores"][f"forget_more_{i}"] = {**record["scores"]["forget_mia"], "average": False}
        records.append(record)
    table = build(factory.read(records)).tables[0]
    sheet = paper(table)
    assert len(sheet.heads) == 1 + 6 + 2
    assert "What the averages are made of" in sheet.about
    assert "9 measurements in no average left out." in sheet.about


def test_bold_are_the_rows_that_no_other_is_better_than(board):
    tex = render_latex(board)
    best = {row.label for row in board.tables[0].rows if row.rank and row.rank.rank == 1}
    assert set(re.findall(r"\\textbf\{(.*?)\}", tex)) == {escape(label) for label in best}
    assert len(best) < len(board.tables[0].competing)


def test_a_long_table_goes_on_in_parts(factory):
    records = [
        factory.make_record(factory.make_cell(method__label=f"m{i}", method__options={"i": i}, index=d))
        for i in range(MOST_LINES + 3)
        for d in range(3)
    ]
    tex = render_latex(build(factory.read(records)))
    labels = re.findall(r"\\label\{(.*?)\}", tex)
    assert len(labels) == len(set(labels))
    parts = [label for label in labels if label.endswith(("-1", "-2"))]
    assert tex.count("Part 1 of 2.") == tex.count("Part 2 of 2.") == len(parts) / 2 >= 3
    assert set(re.findall(r"\\ref\{(.*?)\}", tex)) == {"tab:fairforget-1-ranking-1"}
    assert all(rf"m{i} &" in tex.replace("}", "") for i in range(MOST_LINES + 3))


def test_who_reached_the_goal_is_in_it_where_there_is_one(factory):
    budget = {"kind": "updates", "amount": 200, "stop": None, "completeness": 0.8, "every": 10}
    matched = {"completeness": 0.8, "reached": True, "update": 22.5, "utility": {}, "utility_average": 0.7, "best": 0.8}
    records = [
        factory.make_record(factory.make_cell(index=i, budget=budget), 0.82, 0.7, matched=matched) for i in range(3)
    ]
    tex = render_latex(build(factory.read(records)))
    assert "\\label{tab:fairforget-1-matched}" in tex
    assert re.search(r"\\textbf\{npo.*\} & 3 of 3 & 0\.700", tex)


def test_the_first_caption_says_what_a_reader_has_to_know(factory):
    study = factory.make_study()
    board = build(factory.read(study[1:]), planned=[record["key"] for record in study])
    about = About("people", "Who forgets 100 % of it", None, ("A row needs 5 forget sets.",))
    first, *others = re.findall(r"\\caption\{(.*)\}", render_latex(dataclasses.replace(board, about=about)))
    for said in ("351 of 352 cells, 1 missing.", r"Who forgets 100 \% of it.", "A row needs 5 forget sets."):
        assert said in first
        assert not [caption for caption in others if said in caption]
    assert all("with the same settings as Table" in caption for caption in others)


def test_an_empty_board_is_a_comment():
    lines = render_latex(build([])).splitlines()
    assert all(line.startswith("%") or not line for line in lines)


def test_only_our_commands_are_in_it(board):
    assert commands(render_latex(board)) <= OURS | SIGNS


def test_hostile_text_is_only_text(factory):
    records = []
    for i in range(3):
        for m, text in enumerate(HOSTILE):
            cell = factory.make_cell(index=i, method__label=text, method__options={"m": m}, task__name=HOSTILE[0])
            cell["budget"] = {"kind": HOSTILE[1], "amount": HOSTILE[2]}
            record = factory.make_record(cell)
            record["scores"] = {f"{HOSTILE[m]}{name}": s for name, s in record["scores"].items()}
            record["items"] = {}
            records.append(record)
    tex = render_latex(build(factory.read(records)))
    assert commands(tex) <= OURS | SIGNS
    # No comment but ours at the top, no second way to write a command.
    assert not re.search(r"(?<!\\)%", re.sub(r"\A(%.*\n)+", "", tex))
    assert "^^" not in tex
    walker = LatexWalker(tex, tolerant_parsing=False)
    found = [n for n in nodes(walker.get_latex_nodes()[0]) if n.isNodeType(LatexEnvironmentNode)]
    assert {n.environmentname for n in found} == {"table", "tabular"}


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(max_size=30))
def test_whatever_is_escaped_is_printed_as_it_was(text):
    text = unicodedata.normalize("NFC", shown(text))
    assert printed(escape(text)) == text.translate(QUOTES).replace("\N{NO-BREAK SPACE}", " ")
    assert commands(escape(text)) <= SIGNS


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("-0.5 ± 0.1 (n = 3)", r"$-$0.5 $\pm$ 0.1 (n = 3)"),
        ("(-2–4)", "($-$2--4)"),
        ("grad-ascent-2", "grad-ascent-2"),
        ("a--b", "a-{}-b"),
        ("1e-05", "1e-05"),
        ("中", r"{\ifdefined\Uchar 中\else [U+4E2D]\fi}"),
        ("\ud800", "{[U+D800]}"),
        ("λ = é", r"$\lambda$ = é"),
        ("[x] *", "{[}x{]} {*}"),
    ],
)
def test_figures_and_signs(text, tex):
    assert number(text) == tex


def test_heads_are_stacked_at_their_commas():
    assert stacked("score, random (n = 3)") == r"\shortstack[r]{score\\random\\(n = 3)}"
    assert stacked("by probability") == r"\shortstack[r]{by\\probability}"
    assert stacked("retain, Acc. ↑") == r"\shortstack[r]{retain\\Acc.~$\uparrow$}"
    assert stacked("a long measurement ↓") == r"\shortstack[r]{a long\\measurement~$\downarrow$}"
    assert stacked("rank") == "rank"
    assert stacked("") == ""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex on this machine")
def test_pdflatex_sets_it(board, factory, tmp_path):
    hostile = [
        factory.make_record(factory.make_cell(index=i, method__label=text, method__options={"m": m}))
        for i in range(3)
        for m, text in enumerate(HOSTILE)
    ]
    for name, found in (("board", board), ("hostile", build(factory.read(hostile)))):
        (tmp_path / f"{name}.tex").write_text(render_latex(found), encoding="utf-8")
        (tmp_path / f"{name}-paper.tex").write_text(
            f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\\input{{{name}}}\\end{{document}}"
        )
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", f"{name}-paper.tex"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
        assert ran.returncode == 0, ran.stdout[-2_000:]
