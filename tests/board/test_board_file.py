from __future__ import annotations

import json
from pathlib import Path

import pytest

import fairforget
from fairforget.board.files.board_file import BoardFile, open_board
from fairforget.board.files.folders import folders_of
from fairforget.board.files.from_file import board_of_file
from fairforget.board.table import build
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.store.results import Results
from fairforget.study.yaml_core import to_yaml

PLAIN = {
    "name": "people",
    "title": "Invented people",
    "results": ["../results/biographies-v1"],
    "task": {"name": "biographies", "version": 1},
}
METHODS = {"npo": (0.8, 0.84), "idk": (0.55, 0.93), "grad-ascent": (0.9, 0.35)}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "leaderboards" / "boards").mkdir(parents=True)
    return tmp_path / "leaderboards"


@pytest.fixture
def write_board(home):
    def write(text: str | None = None, folder: str = "boards", **changes) -> Path:
        path = home / folder / "people.yaml"
        path.write_text(to_yaml({**PLAIN, **changes}) if text is None else text)
        return path

    return write


def lay(records, home, folder="biographies-v1/target"):
    """Write records as published ones."""
    for record in records:
        leaf = home / "results" / folder / record["cell"]["method"]["name"].replace("/", "__")
        leaf.mkdir(parents=True, exist_ok=True)
        (leaf / f"{record['key']}.json").write_text(json.dumps(record))


def study(factory, **options):
    return factory.make_study(**{"draws": 4, "seeds": 2, "methods": METHODS, **options})


def row(board, label, table=0):
    return next(row for row in board.tables[table].rows if row.label == label)


def test_a_board_without_rules_is_that_of_the_folders(home, write_board, factory):
    lay(study(factory), home)
    made, _ = board_of_file(write_board())
    plain = build(Results.read([home / "results"]).records)
    assert made.tables == plain.tables
    assert (made.about.name, made.about.title, made.about.asks) == ("people", "Invented people", ())
    assert fairforget.board(file=home / "boards" / "people.yaml") == made


def test_weights_are_those_of_the_file(home, write_board, factory):
    lay(study(factory), home)
    weights = {"easy": 1, "hard": 3}
    made, _ = board_of_file(write_board(strata=weights))
    assert {s.label: s.weight for s in made.tables[0].strata} == {"random": 0, "easy": 0.25, "medium": 0, "hard": 0.75}
    assert made.tables == build(Results.read([home / "results"]).records, weights=weights).tables


def test_rows_with_too_little_are_listed_with_the_reason(home, write_board, factory):
    records = study(factory)

    def fits(r):
        cell, (label, seed) = r["cell"], (r["cell"]["method"]["label"], r["cell"]["seed"])
        few = label == "idk" and cell["draw"]["index"] > 2
        return not few and not (label == "grad-ascent" and cell["draw"]["index"] == 1 and seed == 1)

    lay([r for r in records if fits(r)], home)
    made, _ = board_of_file(write_board(draws=4, seeds=2))
    rows = {r.label: r for r in made.tables[0].rows}
    assert rows["npo + uniform"].rank.rank == 1
    assert rows["idk + uniform"].rank is None
    assert rows["idk + uniform"].unranked == "3 of the 4 forget sets that the board asks for in random"
    assert rows["grad-ascent + uniform"].unranked == "1 of the 2 seeds that the board asks for in random"
    assert rows["idk + uniform"].headline.score is None or rows["idk + uniform"].rank is None
    assert rows["retrain"].reference == "oracle"


def test_no_row_is_ranked_where_all_have_too_little(home, write_board, factory):
    lay(study(factory), home)
    made, _ = board_of_file(write_board(draws=10))
    assert {r.rank for r in made.tables[0].competing} == {None}
    assert {r.unranked for r in made.tables[0].competing} == {
        "4 of the 10 forget sets that the board asks for in random"
    }


def test_what_others_have_beyond_the_rules_makes_no_row_incomplete(home, write_board, factory):
    """Further draws and seeds of one row would leave gaps in every other, and cost them their ranks."""
    lay(study(factory), home)
    path = write_board(draws=4, seeds=2)
    before, _ = board_of_file(path)
    more = study(factory, draws=7, seeds=3)
    known = {path.stem for path in home.rglob("*.json")}
    lay([r for r in more if r["cell"]["method"]["label"] == "npo" and r["key"] not in known], home)
    after, _ = board_of_file(path)
    assert after.tables == before.tables
    assert {left.reason for left in after.left_out} == {
        "forget sets beyond the first 4 of a stratum",
        "seeds beyond the first 2",
    }
    without, _ = board_of_file(write_board())
    assert row(without, "idk + uniform").unranked is not None


def test_task_versions_never_mix(home, write_board, factory):
    lay(study(factory), home)
    newer = [factory.make_cell("npo", index=i, seed=s, task__version=2) for i in range(4) for s in range(2)]
    lay([factory.make_record(cell, 1.0, 1.0) for cell in newer], home)
    other = factory.make_cell("npo", task__name="else/biographies")
    lay([factory.make_record(other, 1.0, 1.0)], home)
    made, _ = board_of_file(write_board())
    assert len(made.tables) == 1
    assert {left.reason: len(left.keys) for left in made.left_out} == {
        "of version 2 of the task; this board is about version 1": 8,
        "of the task biographies; this board is about biographies": 1,
    }


@pytest.mark.parametrize(
    ("changes", "wanted", "reason"),
    [
        ({"target__id": "f" * 24}, {"targets": ["0" * 24]}, "of a target model that is not on this board"),
        (
            {"budget": {"kind": "epochs", "amount": 5, "stop": None, "completeness": 0.8}},
            {},
            "run until completeness 0.8; on this board runs are compared at their end",
        ),
        ({}, {"goal": 0.5}, "run to its end; on this board runs go until completeness 0.5"),
        (
            {},
            {"task": {"name": "biographies", "version": 1, "options": {"people": 99}}},
            "the task has another option than this board asks for: people",
        ),
        (
            {"stratum": "hard"},
            {"samplers": ["random", {"name": "binned", "bins": 5}]},
            "forget sets of the sampler binned, which do not count on this board",
        ),
    ],
)
def test_what_the_file_does_not_ask_for_is_left_out(home, write_board, factory, changes, wanted, reason):
    lay([factory.make_record(factory.make_cell(**changes))], home)
    made, _ = board_of_file(write_board(**wanted))
    assert made.tables == ()
    assert [(left.reason, len(left.keys)) for left in made.left_out] == [(reason, 1)]


def test_samplers_are_known_by_the_options_that_are_named(home, write_board, factory):
    lay(study(factory), home)
    made, _ = board_of_file(write_board(samplers=["random", {"name": "binned", "bins": 3.0}]))
    assert [s.label for s in made.tables[0].strata] == ["random", "easy", "medium", "hard"]
    made, _ = board_of_file(write_board(samplers=["fairforget/random"]))
    assert [s.label for s in made.tables[0].strata] == ["random"]


def test_a_board_may_average_other_columns(home, write_board, factory):
    record = factory.make_record(factory.make_cell())
    record["scores"]["forget_mia"]["value"] = 0.25
    record["scores"]["retain_accuracy"]["value"] = 0.75
    record["scores"]["retain_rouge_l"]["average"] = False
    lay([record], home)
    asked = {"completeness": ["forget_mia"], "utility": ["retain_accuracy", "retain_rouge_l"]}
    made, _ = board_of_file(write_board(score=asked))
    headline = made.tables[0].rows[0].headline
    rouge = record["scores"]["retain_rouge_l"]["value"]
    assert headline.completeness.mean == pytest.approx(0.25)
    assert headline.utility.mean == pytest.approx((0.75 + rouge) / 2)
    assert "forget_mia; utility that of retain_accuracy" in made.about.asks[0]
    with pytest.raises(FairforgetError, match=r"people.yaml:\d+: score.utility.0: no result has .*'retain_accuracy'"):
        board_of_file(write_board(score={**asked, "utility": ["retain_acuracy"]}))
    with pytest.raises(FairforgetError, match="no result has such a column of completeness"):
        board_of_file(write_board(score={**asked, "completeness": ["forget_perplexity"]}))


def test_an_unknown_stratum_is_an_error_with_its_line(home, write_board, factory):
    lay(study(factory), home)
    with pytest.raises(FairforgetError, match=r"people\.yaml:\d+: strata: .*Did you mean 'hard'"):
        board_of_file(write_board(strata={"hrad": 1}))


def test_a_board_without_results_is_empty(home, write_board):
    (home / "results" / "biographies-v1").mkdir(parents=True)
    made, _ = board_of_file(write_board(strata={"hard": 1}, score={"completeness": ["a"], "utility": ["b"]}))
    assert (made.tables, made.cells) == ((), 0)


def test_the_same_bytes_whatever_the_order(home, write_board, factory, tmp_path, capsys):
    records = study(factory)
    lay(records, home)
    path = write_board(draws=4, strata={"easy": 1, "hard": 1})
    factory.write(records[::-2], tmp_path / "a")
    factory.write(records[::-2][::-1] + records[-2::-2], tmp_path / "b")
    texts = []
    for folders in ([], [tmp_path / "a", tmp_path / "b"], [tmp_path / "b", tmp_path / "a"]):
        assert main(["board", *map(str, folders), "--board", str(path), "--format", "json"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] == texts[2]


def test_title_and_rules_stand_on_the_page(home, write_board, factory, capsys):
    lay(study(factory), home)
    path = write_board(title="<b>Who</b> is ahead", summary="A *try*.", draws=3, seeds=1, trials=0)
    assert main(["board", "--board", str(path), "--format", "md"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# \\<b\\>Who\\</b\\> is ahead\n\nA \\*try\\*.\n\nA row needs the first 3 forget sets")
    assert "at most 0 trials" in text


FAULTS = [
    ("nmae: x\n", r":1: nmae: unknown key\. Did you mean 'name'\?"),
    ("[]", r"a board file is a mapping of keys, not a list"),
    ("name: A B\n", r":1: name: must be lower-case letters"),
    ("strata: {hard: -1}\n", r":1: strata\.hard: must be greater than or equal to 0"),
    ("strata: {hard: 1.0e308}\n", r":1: strata\.hard: must be less than or equal to 1000000"),
    ("strata: {hard: 0}\n", r"strata: at least one stratum has to count"),
    ("strata: {hard: .nan}\n", r"strata\.hard: must be a finite number"),
    ("samplers: [random, {name: binned, by: .nan}]\n", r":1: samplers\.1: no result has an option that is infinite"),
    ("task: {name: biographies, version: 1, options: {a: [{b: .inf}]}}\n", r":1: task\.options: no result has an opt"),
    ("draws: 0\n", r"draws: must be greater than or equal to 1"),
    ("draws: true\n", r"draws: must be an integer"),
    ("goal: 2\n", r"goal: must be less than or equal to 1"),
    ("goal: 0.5\nscore: {completeness: [a], utility: [b]}\n", r"score: a board with a goal"),
    ("score: {completeness: [a]}\n", r"score: the key utility is missing"),
    ("results: []\n", r"results: must have at least 1 entry"),
    ("task: biographies\n", r"task: must be a mapping"),
    ("task: {name: biographies, version: 1, option: {}}\n", r"task\.option: unknown key\. Did you mean 'options'"),
    ("samplers: [{bins: 3}]\n", r"samplers\.0: has no name"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_a_wrong_file_is_a_message_with_line_and_key(write_board, capsys, text, message):
    given = text.partition(":")[0]
    rest = {key: value for key, value in PLAIN.items() if key != given}
    path = write_board(text if text == "[]" else text + to_yaml(rest))
    with pytest.raises(FairforgetError, match=message) as caught:
        open_board(path)
    assert str(caught.value).startswith(str(path))
    assert main(["board", "--board", str(path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_no_path_leaves_the_leaderboards(home, write_board, tmp_path):
    (tmp_path / "secret" / "cells").mkdir(parents=True)
    for pattern in ("../../secret", "/etc", "~/runs", "../results/../../secret", "../results/x/../../../secret"):
        with pytest.raises(FairforgetError, match=r"people\.yaml:\d+: results\.0: leads out of"):
            folders_of(open_board(write_board(results=[pattern])))
    assert folders_of(open_board(write_board(results=[".."]))) == [home]
    (home / "results").mkdir()
    (home / "results" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(FairforgetError, match="link is a link that leads out of leaderboards"):
        folders_of(open_board(write_board(results=["../results/*"])))
    for long in ("a" * 256, "ä" * 128):
        with pytest.raises(FairforgetError, match=r"people\.yaml:\d+: results\.0: a name of more than 255 bytes"):
            folders_of(open_board(write_board(results=[f"../results/{long}"])))
    with pytest.raises(FairforgetError, match=r"'\*\*' is not supported"):
        folders_of(open_board(write_board(results=["../**"])))


def test_a_file_elsewhere_looks_into_its_own_folder(home, write_board, tmp_path):
    (home / "mine").mkdir()
    (home / "mine" / "results").mkdir()
    assert folders_of(open_board(write_board(folder="mine", results=["results"]))) == [home / "mine" / "results"]
    with pytest.raises(FairforgetError, match="leads out of mine"):
        folders_of(open_board(write_board(folder="mine", results=["../boards"])))


def test_a_folder_that_is_not_there_is_guessed(home, write_board):
    (home / "results" / "biographies-v1").mkdir(parents=True)
    with pytest.raises(FairforgetError, match=r"no folder fits\. Did you mean 'biographies-v1'\?"):
        folders_of(open_board(write_board(results=["../results/biographies-v2"])))
    with pytest.raises(FairforgetError, match=r"no folder fits\. There are none"):
        folders_of(open_board(write_board(results=["../results/biographies-v1/*"])))


def test_board_files_that_are_not_there(home, capsys):
    assert main(["board", "--board", str(home / "boards")]) == 2
    assert "a folder; name the board file in it" in capsys.readouterr().err
    assert main(["board", "--board", str(home / "boards" / "x.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["board"]) == 2
    assert "or a board file with --board FILE" in capsys.readouterr().err


def test_every_key_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "reference" / "board.md").read_text()
    for name in BoardFile.model_fields:
        assert f"`{name}`" in text
