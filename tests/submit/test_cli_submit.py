from __future__ import annotations

import errno
import json
import os

import pytest

from fairforget.board.files.from_file import board_of_file
from fairforget.cli import main
from fairforget.store import atomic
from fairforget.store.results import Results


def submit(*arguments):
    return main(["submit", *map(str, arguments)])


def made(home, label, table=0):
    board, _ = board_of_file(home / "boards" / "people.yaml")
    return next(r for t in board.tables for r in t.rows if r.label == label)


def test_a_run_is_laid_where_it_belongs(run, study, home, files, capsys):
    records = study()
    folder = run(records)
    before = files(folder)
    assert submit(folder, "--to", home) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"{len(records)} cells added below {home}/results:" in out
    assert "people.yaml: 2 of its rows are new or stand otherwise" in out
    assert "biographies v1, at most 5 epochs: npo: new: rank 1 (1–1), score 0." in out
    laid = files(home / "results")
    target = records[0]["cell"]["target"]["id"]
    for record in records:
        name = record["cell"]["method"]["name"].replace("/", "__")
        content = laid.pop(f"biographies-v1/{target}/{name}/{record['key']}.json")
        assert content == before[f"cells/{record['key']}.json"]
    assert len(laid) == 4  # a declaration for each method
    assert all("/submission-" in place for place in laid)
    assert files(folder) == before
    assert [r.key for r in Results.read([home / "results"]).records] == sorted(r["key"] for r in records)


def test_a_dry_run_writes_nothing_and_says_the_same(run, study, home, files, capsys):
    folder = run(study())
    before = files(home)
    assert submit(folder, "--to", home, "--dry-run") == 0
    dry = capsys.readouterr().out
    assert files(home) == before
    assert submit(folder, "--to", home) == 0
    assert capsys.readouterr().out == dry.replace("would be added", "added")


def test_what_is_published_stays(run, study, home, rules, files, capsys):
    rules(draws=4)
    records = study()
    assert submit(run(records), "--to", home) == 0
    before = files(home)
    again = [r for r in study(draws=5) if r["cell"]["method"]["label"] == "npo"]
    for record in again:
        record["ledger"]["unlearning"]["seconds"] = 99.0
    again[0]["scores"]["forget_mia"]["value"] -= 0.25
    capsys.readouterr()
    assert submit(run(again, "again"), "--to", home) == 0
    out = capsys.readouterr().out
    kept = [r for r in again if r["key"] in {known["key"] for known in records}]
    assert f"{len(kept)} cells published already; what is published stays (scores at most " in out
    after = files(home)
    assert {place: after[place] for place in before} == before
    assert len(after) - len(before) == len(again) - len(kept) + 1
    assert "people.yaml: nothing moves" in out
    assert submit(run(again, "again"), "--to", home) == 0
    assert "0 cells added below" in capsys.readouterr().out
    assert files(home) == after


def test_a_run_without_a_declaration_is_told_how_to_write_it(run, study, home, files, capsys):
    folder = run(study(draws=3))
    (folder / "submission.yaml").unlink()
    before = files(home)
    assert submit(folder, "--to", home) == 2
    err = capsys.readouterr().err
    assert f"{folder}/submission.yaml is missing" in err
    (folder / "submission.yaml").write_text(err[err.index("\nby: ") :])
    assert files(home) == before
    assert submit(folder, "--to", home) == 0  # the template is a declaration


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"tuning": {"trials": 3, "draws": "none"}}, "tuning: trials 0 goes with draws: none"),
        ({"tuning": {"trials": 0, "draws": "same"}}, "tuning: trials 0 goes with draws: none"),
        ({"tuning": {"trials": -1, "draws": "none"}}, "tuning.trials: must be greater than or equal to 0"),
        ({"tuning": {"trials": 0, "draws": "som"}}, "tuning.draws: must be 'none', 'separate' or 'same'"),
        ({"trained_on_evaluation": "no"}, "trained_on_evaluation: must be true or false"),
        ({"code": "javascript:alert(1)"}, "code: "),
        ({"code": "https://x.example/<script>"}, "code: "),
        ({"by": ""}, "by: must not be empty"),
        ({"contact": "x"}, "contact: unknown key"),
        ({"methods": {"fairforget/npo": {"trained_on_evaluation": True}}}, "the key tuning is missing"),
    ],
)
def test_a_wrong_declaration_is_a_message_with_line_and_key(run, study, home, files, capsys, declared, message):
    folder = run(study(draws=1), **declared)
    before = files(home)
    assert submit(folder, "--to", home) == 2
    err = capsys.readouterr().err
    assert f"{folder}/submission.yaml:" in err
    assert message in err
    assert "Traceback" not in err
    assert files(home) == before


def test_training_on_evaluation_data_costs_the_rank(run, study, home, capsys):
    declared = {"tuning": {"trials": 0, "draws": "none"}, "trained_on_evaluation": True}
    assert submit(run(study(), methods={"fairforget/npo": declared}), "--to", home) == 0
    npo = "npo: new: no rank: was trained on evaluation data, as its submission declares"
    assert npo in capsys.readouterr().out
    assert made(home, "npo").rank is None
    assert made(home, "idk").rank.rank == 1


def test_tuning_by_hand_is_a_table_of_its_own_and_counts_against_the_cap(run, study, home, rules, capsys):
    by_hand = {"tuning": {"trials": 12, "draws": "same"}, "trained_on_evaluation": False}
    assert submit(run(study(), methods={"fairforget/npo": by_hand}), "--to", home) == 0
    board, _ = board_of_file(home / "boards" / "people.yaml")
    tables = {tuple(row.label for row in table.competing): table.trials for table in board.tables}
    assert tables == {("idk",): None, ("npo",): 12}
    note = "Tuned by hand on the forget sets that are compared, which favours them: npo."
    assert [note in table.notes for table in board.tables] == [table.trials == 12 for table in board.tables]
    rules(trials=10)
    assert made(home, "npo").unranked == "tuned by 12 trials; the board allows 10"
    rules(trials=12)
    assert made(home, "npo").rank.rank == 1


def test_who_submitted_stands_on_the_board(run, study, home, capsys):
    records = study()
    mine = [r for r in records if r["cell"]["method"]["label"] == "npo"]
    assert submit(run(mine, "mine", by="<b>Eve</b>\u202e", code=None), "--to", home) == 0
    assert submit(run(records, "all"), "--to", home) == 0
    board, _ = board_of_file(home / "boards" / "people.yaml")
    said = [note for note in board.tables[0].notes if note.startswith("Submitted by")]
    assert said == [
        "Submitted by <b>Eve</b> (code not published): npo.",
        "Submitted by Ada Example <ada@example.org> (https://example.org/code): idk, retrain, untouched.",
    ]
    capsys.readouterr()
    assert main(["board", "--board", str(home / "boards" / "people.yaml"), "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert "<b>Eve" not in page
    assert "&lt;b&gt;Eve" in page


def test_trials_by_hand_and_of_a_search_are_counted_together(run, study, home, rules):
    records = [r for r in study() if r["cell"]["method"]["label"] == "npo"]
    for record in records:
        record["cell"]["method"]["tuned"] = True
        record["tuning"] = {"trials": 7, "key": "k", "forward_equivalents": 1}
    from fairforget.study.cell import cell_key

    records = [{**r, "key": cell_key(r["cell"])} for r in records]
    assert submit(run(records, tuning={"trials": 5, "draws": "separate"}), "--to", home) == 0
    rules(trials=11)
    assert made(home, "npo").unranked == "tuned by 12 trials; the board allows 11"


def test_a_declaration_beside_a_run_counts_before_it_is_submitted(run, study, home):
    folder = run(study(), trained_on_evaluation=True)
    board, _ = board_of_file(home / "boards" / "people.yaml", [folder])
    assert {row.unranked for row in board.tables[0].competing} == {
        "was trained on evaluation data, as its submission declares"
    }


def test_whatever_a_record_says_of_its_own_declaration_does_not_count(run, study, home):
    records = study()
    for record in records:
        record["declared"] = {"trials": 99, "trained_on_evaluation": True}
    assert submit(run(records), "--to", home) == 0
    assert made(home, "npo").rank.rank == 1


def test_broken_records_keep_everything_from_being_written(run, study, home, files, changed, capsys):
    folder = run(study())
    cells = sorted((folder / "cells").iterdir())
    cells[0].write_text("{")
    changed(cells[1], lambda r: r["cell"]["draw"].update(digest="0" * 64))
    changed(cells[2], lambda r: r["cell"]["task"].update(version=3))
    changed(cells[3], lambda r: r["cell"]["task"].update(paths=["people"]))
    before = files(home)
    assert submit(folder, "--to", home) == 1
    out, err = capsys.readouterr()
    assert "would be added" in out
    for reason in (
        f"{cells[0].name}: not JSON",
        "the digest of its forget set is not that of the samples",
        "made with version 3 of the task fairforget/biographies, and version 1 is current; run it again",
        "it calls options of the task paths that are none: people",
        "nothing was written",
    ):
        assert reason in err
    assert files(home) == before


def test_a_forget_set_of_its_own_is_refused(run, study, home, files, changed, capsys):
    """It would leave a gap in every row that has the published one."""
    from fairforget.study.draws import forget_digest

    assert submit(run(study()), "--to", home) == 0
    more = run([r for r in study(draws=5) if r["cell"]["draw"]["index"] == 4], "more")
    assert submit(more, "--to", home) == 0
    other = run([r for r in study(draws=5) if r["cell"]["draw"]["index"] == 4], "other")

    def redraw(record):
        hashes = {f"z{i}": "0" * 64 for i in range(4)}
        record["cell"]["draw"] |= {"forget": list(hashes), "digest": forget_digest(hashes)}
        record["cell"]["seed"] = 1
        record["item_hashes"] = hashes

    for path in sorted((other / "cells").iterdir()):
        changed(path, redraw)
    before = files(home)
    capsys.readouterr()
    assert submit(other, "--to", home) == 1
    assert "forget set 4 of the stratum easy is not the one that the published results have" in capsys.readouterr().err
    assert files(home) == before


def test_nothing_that_costs_another_row_its_rank_is_written(run, study, home, rules, files, capsys):
    """Where a board counts all forget sets, more of them for one row are a gap in every other."""
    assert submit(run(study()), "--to", home) == 0
    before = files(home)
    known = {path.rpartition("/")[2] for path in before}
    more = [r for r in study(draws=5) if r["cell"]["method"]["label"] == "npo" and f"{r['key']}.json" not in known]
    folder = run(more, "more")
    capsys.readouterr()
    assert submit(folder, "--to", home) == 1
    out, err = capsys.readouterr()
    assert "idk: lost its rank: rank 2 (2–2)" in out
    assert "boards/people.yaml: a row that was ranked is not any more: biographies v1" in err
    assert files(home) == before
    rules(draws=4)
    assert submit(folder, "--to", home) == 0


def test_json_is_all_there_is(run, study, home, capsys):
    assert submit(run(study()), "--to", home, "--json", "--dry-run") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["written"] is False
    assert found["findings"] == found["kept"] == []
    assert {move["row"]: move["after"]["rank"] for move in found["boards"][0]["moves"]} == {"npo": 1, "idk": 2}


def test_nothing_half_written_stays(run, study, home, files, monkeypatch, capsys):
    folder = run(study())
    before, folders = files(home), sorted(home.rglob("*"))
    real, calls = atomic._write_through, []

    def full(path, content):
        calls.append(path)
        if len(calls) == 9:
            raise OSError(errno.ENOSPC, "no space")
        real(path, content)

    monkeypatch.setattr(atomic, "_write_through", full)
    assert submit(folder, "--to", home) == 2
    assert "no space is left on the disk" in capsys.readouterr().err
    assert len(calls) == 9
    assert files(home) == before
    assert [p for p in sorted(home.rglob("*")) if p != home / "results"] == folders


def test_links_lead_nowhere(run, study, home, tmp_path, files, capsys):
    records = study(draws=1)
    folder = run(records)
    (tmp_path / "secret").mkdir()
    (home / "results").mkdir()
    (home / "results" / "biographies-v1").symlink_to(tmp_path / "secret")
    assert submit(folder, "--to", home) == 2
    assert "by a link; remove the link" in capsys.readouterr().err
    assert files(tmp_path / "secret") == {}
    cell = next((folder / "cells").iterdir())
    (tmp_path / "secret" / cell.name).write_bytes(cell.read_bytes())
    cell.unlink()
    cell.symlink_to(tmp_path / "secret" / cell.name)
    (home / "results" / "biographies-v1").unlink()
    assert submit(folder, "--to", home) == 1
    assert "a link that leads out of the folder" in capsys.readouterr().err


def test_what_a_submitter_should_know_is_said(run, study, home, capsys):
    records = study(draws=1)
    records[0]["environment"]["distributions"]["fairforget"]["dirty"] = True
    records[0]["problems"] = [{"kind": "x", "message": "m", "traceback": "File /home/ada/secret/x.py"}]
    records[1] |= {"status": "failed", "scores": {}, "items": {}, "item_hashes": {}}
    assert submit(run(records), "--to", home) == 0
    out = capsys.readouterr().out
    assert "note: 1 of" in out
    assert "note: 1 cells were made with changes that are in no commit" in out
    assert "note: 1 cells show folders of a user of your machine" in out


def test_wrong_input_is_a_message(run, study, home, tmp_path, capsys):
    folder = run(study(draws=1))
    for arguments, message in (
        ([], "name the folder of a run to submit, or with --check BASE"),
        ([folder, "--check", "x"], "name the folder of a run to submit, or with --check BASE"),
        (["--check", "x", "--dry-run"], "--check writes nothing"),
        ([folder, "--to", tmp_path / "none"], "name that of results and boards with --to"),
        ([tmp_path / "runn", "--to", home], "there is no folder"),
        ([home, "--to", home], "there are no cells in"),
    ):
        assert submit(*arguments) == 2
        err = capsys.readouterr().err
        assert message in err
        assert "Traceback" not in err
    assert submit(folder, "--to", home) == 0
    assert submit(home / "results", "--to", home) == 2
    assert "holds published results; name the folder of a run" in capsys.readouterr().err


def test_hostile_names_are_printed_as_text(run, study, home, changed, capsys):
    folder = run(study(draws=3))
    for path in sorted((folder / "cells").iterdir()):
        changed(path, lambda r: r["cell"]["method"].update(label="\x1b[2J\u202eevil" * 2000))
    assert submit(folder, "--to", home) == 0
    out = capsys.readouterr().out
    assert "evil" in out
    assert not {"\x1b", "\u202e"} & set(out)
    assert max(map(len, out.splitlines())) < 1000
    assert os.sep + "evil" not in out
