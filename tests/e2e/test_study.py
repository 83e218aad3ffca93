"""A study through the command line: run, continue, repair, refuse."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from fairforget.cli import main
from fairforget.study.cell import cell_key

pytestmark = pytest.mark.slow


def test_a_study_ends_with_a_board_on_the_screen_and_in_three_files(finished_lab, capsys):
    assert finished_lab.run() == 0
    shown = capsys.readouterr()
    assert "0 cells to run" in shown.err
    for name in ("board.md", "board.html", "board.json"):
        assert str(finished_lab.out / name) in shown.out
        assert (finished_lab.out / name).stat().st_size > 500
    assert "npo" in shown.out
    assert "grad-ascent" in shown.out


def test_every_method_meets_the_same_draws_and_the_target_remembers(finished_lab):
    forget = {}
    for record in finished_lab.records().values():
        draw, method = record["cell"]["draw"], record["cell"]["method"]["name"]
        forget.setdefault((draw["stratum"], draw["index"]), set()).add(tuple(draw["forget"]))
        if method == "fairforget/untouched":
            assert record["scores"]["forget_ma"]["value"] > 0.95
            assert record["scores"]["forget_rr"]["value"] < 0.05
        if method == "fairforget/retrain":
            assert record["scores"]["forget_probability"]["value"] > 0.9, "the oracle never saw the draw"
            assert record["scores"]["retain_rouge_l"]["value"] > 0.9
    assert len(forget) == 4 * 3
    assert all(len(ids) == 1 for ids in forget.values())


def test_binned_draws_are_ordered_by_the_score(finished_lab):
    means = {"easy": [], "medium": [], "hard": []}
    for record in finished_lab.records().values():
        if record["cell"]["draw"]["stratum"] in means:
            means[record["cell"]["draw"]["stratum"]].append(record["draw_info"]["covariates"]["loss"])
    assert min(means["easy"]) > max(means["medium"]) > min(means["medium"]) > max(means["hard"])


def test_the_retain_items_are_the_same_in_every_cell(finished_lab):
    items = {frozenset(record["items"]["retain_rouge_l"]) for record in finished_lab.records().values()}
    assert len(items) == 1


def test_the_ledger_shows_evaluation_apart_from_unlearning(finished_lab):
    ledgers = {r["cell"]["method"]["name"].rpartition("/")[2]: r["ledger"] for r in finished_lab.records().values()}
    for ledger in ledgers.values():
        assert ledger["evaluation"]["forward_sequences"] > 0
        assert ledger["evaluation"]["backward_sequences"] == 0
        assert ledger["evaluation"]["seconds"] > 0
        paid = [ledger[phase] for phase in ("unlearning", "reference", "difficulty")]
        assert ledger["forward_equivalents"] == sum(
            counts["forward_sequences"] + 2 * counts["backward_sequences"] for counts in paid
        )
    assert ledgers["untouched"]["unlearning"]["forward_sequences"] == 0
    assert ledgers["grad-ascent"]["unlearning"]["forward_sequences"] == 3 * 4
    assert ledgers["npo"]["reference"]["forward_sequences"] > 0


def test_the_key_of_every_record_is_that_of_its_cell(finished_lab):
    for key, record in finished_lab.records().items():
        assert key == record["key"] == cell_key(record["cell"])


def test_the_same_command_again_runs_nothing_and_makes_the_same_bytes(finished, capsys):
    before, records = finished.boards(), finished.records()
    (finished.out / "board.md").unlink()
    assert finished.run() == 0
    assert "0 cells to run" in capsys.readouterr().err
    assert finished.boards() == before
    assert finished.records() == records


def test_a_finished_study_needs_no_cache(finished, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "empty"))
    before = finished.boards()
    assert finished.run() == 0
    assert "making the target" not in capsys.readouterr().err
    assert finished.boards() == before
    assert not (tmp_path / "empty").exists()


def test_missing_torn_and_edited_records_are_run_again_and_come_out_the_same(finished, capsys):
    before = finished.measured()
    missing, torn, edited = sorted((finished.out / "cells").glob("*.json"))[:3]
    missing.unlink()
    torn.write_bytes(torn.read_bytes()[:-20])
    record = json.loads(edited.read_text())
    record["cell"]["seed"] = 7
    edited.write_text(json.dumps(record))
    assert finished.run() == 0
    shown = capsys.readouterr().err
    assert "3 cells to run" in shown
    assert f"{torn.name} is not used" in shown
    assert f"{edited.name} is not used" in shown
    assert finished.measured() == before


def test_another_engine_gives_the_same_scores(finished, lab):
    before = finished.measured()
    for path in sorted((finished.out / "cells").glob("*.json"))[::3]:
        path.unlink()
    assert finished.run("--engine", "local:2") == 0
    assert finished.measured() == before


def test_killed_again_and_again_the_same_command_ends_with_the_undisturbed_scores(finished_lab, lab):
    """Process and worker, between cells and in the middle of one; ``tests/faults`` has kills at other instants."""
    command = [sys.executable, "-m", "fairforget", "run", str(lab.file), "--out", str(lab.out), "--engine", "local:1"]
    for cells in (1, 25):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = subprocess.Popen(command, start_new_session=True, **quiet)
        try:
            deadline = time.monotonic() + 600
            while len(list(lab.out.glob("cells/*.json"))) < cells:
                assert time.monotonic() < deadline, "it hangs"
                assert running.poll() is None
                time.sleep(0.005)
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        assert not [p for p in lab.out.rglob("*.json") if not json.loads(p.read_text())], "no half-written file"
        assert len(lab.records()) < 40
    assert lab.run() == 0
    assert lab.measured() == finished_lab.measured()
    assert not list(lab.out.rglob("*.partial"))


def test_a_run_of_another_study_in_the_same_folder_is_refused(lab):
    command = [sys.executable, "-m", "fairforget", "run", str(lab.file), "--out", str(lab.out)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not list(lab.out.glob(".runners/*.lock")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        second = subprocess.run([*command, "--set", "draws=4"], capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"in use by a 'fairforget run' of another study (process {first.pid} on " in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        first.kill()
        first.wait()


PLUGIN = """
from fairforget import Entry, hookimpl
from fairforget.api import LossMethod, Method

@hookimpl
def fairforget_methods():
    return [Entry("nan", ":Nan"), Entry("boom", ":Boom"), Entry("wreck", ":Wreck"), Entry("saw", ":Saw")]

class Nan(LossMethod):
    def loss(self, model, batch):
        return batch.forget.nll(model) * float("nan")

class Boom(Method):
    def unlearn(self, run):
        raise RuntimeError("no <b>idea</b>")

class Saw(Method):
    def unlearn(self, run):
        run.model.requires_grad_(False)
        run.model.model.layers = run.model.model.layers[:0]

class Wreck(Method):
    def unlearn(self, run):
        import torch
        with torch.no_grad():
            for parameter in run.model.parameters():
                parameter.mul_(-30)
"""


@pytest.fixture
def broken(lab):
    """The study with four methods that go wrong in different ways, from a plugin file."""
    file = lab.folder / "broken.py"
    file.write_text(PLUGIN)
    settings = ["methods=[nan, boom, wreck, saw, untouched, grad-ascent]", "samplers=[random]"]
    lab.arguments = ["--plugin", str(file), *(part for text in settings for part in ("--set", text))]
    return lab


def test_a_failing_method_is_recorded_and_stops_nothing(broken, capsys):
    assert broken.run(*broken.arguments) == 1
    shown = capsys.readouterr()
    by_method = {}
    for record in broken.records().values():
        by_method.setdefault(record["cell"]["method"]["name"], []).append(record)
    assert {r["problems"][0]["kind"] for r in by_method["broken/nan"]} == {"non-finite-loss"}
    assert "RuntimeError: no <b>idea</b>" in by_method["broken/boom"][0]["problems"][0]["traceback"]
    wrecked = by_method["broken/wreck"]
    assert all(r["status"] == "ok" for r in wrecked), "a collapsed model is measured, and shows as such"
    assert all("collapsed" in {p["kind"] for p in r["problems"]} for r in wrecked)
    assert all(r["status"] == "ok" for r in by_method["fairforget/untouched"]), "the next cell has the target again"
    assert all(r["scores"]["forget_ma"]["value"] > 0.95 for r in by_method["fairforget/untouched"])
    ascent = by_method["fairforget/grad-ascent"]
    assert all(r["scores"]["forget_probability"]["value"] > 0.2 for r in ascent), "it could train what others froze"
    assert "failed" in shown.err
    assert "<b>idea" not in (broken.out / "board.html").read_text()
    assert broken.run(*broken.arguments) == 1, "failed cells are kept, and the exit code still says so"
    assert "0 cells to run" in capsys.readouterr().err
    assert broken.run(*broken.arguments, "--retry-failed") == 1
    assert "6 cells to run" in capsys.readouterr().err


REFUSED = {
    "unknown method": (["methods=[npoo]"], ["Unknown method 'npoo'", "Did you mean 'npo'"]),
    "unknown key": (["buget.updates=3"], ["buget", "Did you mean 'budget'"]),
    "wrong type": (["draws=many"], ["draws", "many"]),
    "unknown task option": (["task.peple=3"], ["peple", "Did you mean 'people'"]),
    "unknown method option": (["methods=[{name: npo, bta: 1}]"], ["bta", "Did you mean 'beta'"]),
    "missing model folder": (["model.path=./no/such/folder"], ["no/such/folder"]),
    "forget set larger than the pool": (["forget_size=1000"], ["1000", "24"]),
    "group larger than the forget set": (["forget_size=1"], ["groups are larger than 1"]),
    "stratum too small": (["forget_size=20"], ["stratum"]),
}


@pytest.mark.parametrize(("settings", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_user_got_wrong_is_said_in_one_message(lab, capsys, settings, said):
    assert lab.run(*(part for text in settings for part in ("--set", text))) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    for part in said:
        assert part in message
    assert not list(lab.out.glob("cells/*.json"))


def test_a_folder_that_cannot_be_written_is_said(lab, capsys):
    lab.out.write_text("a file is in the way")
    assert lab.run() == 2
    message = capsys.readouterr().err
    assert str(lab.out) in message
    assert "Traceback" not in message


def test_a_full_disk_stops_the_study_and_loses_nothing(lab, capsys, monkeypatch):
    import errno

    from fairforget.store import atomic

    real, written = atomic._write_through, []

    def full(path, content):
        if "cells" in path.parts:
            written.append(path)
            if len(written) > 5:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(atomic, "_write_through", full)
    assert lab.run() == 2
    assert "no space is left on the disk" in capsys.readouterr().err
    assert len(lab.records()) == 5
    monkeypatch.undo()
    assert lab.run() == 0
    assert "35 cells to run" in capsys.readouterr().err


def test_status_tells_from_the_files_alone(finished, capsys):
    next(iter((finished.out / "cells").glob("*.json"))).unlink()
    assert main(["status", str(finished.out)]) == 0
    assert "39 of 40 cells done" in capsys.readouterr().out


def test_dry_run_prints_the_plan_and_touches_nothing(lab, capsys):
    assert lab.run("--dry-run") == 0
    shown = capsys.readouterr().out
    assert "1,296" in shown, "12 cells of 3 updates of 4 samples: 3 each for grad-ascent, and again for npo's partners"
    assert not lab.out.exists()


def test_dry_run_estimates_the_time_by_the_training_of_the_target(finished_lab, capsys):
    assert finished_lab.run("--dry-run") == 0
    assert "s for updates, " in (shown := capsys.readouterr().out)
    assert "s for retraining, judged by the target's training; evaluation comes on top" in shown
    assert finished_lab.run("--dry-run", "--set", "task.seed=77") == 0
    assert "estimated time: not known before the target model is in the cache" in capsys.readouterr().out


@pytest.mark.parametrize("policy", ["unseen", "paper_literal", "retrain"])
def test_early_stop_by_every_policy(lab, policy):
    settings = [
        "methods=[untouched, grad-ascent]",
        "samplers=[random]",
        "draws=1",
        "budget={updates: 60, stop: {policy: " + policy + ", every: 2, n: 3}}",
    ]
    assert lab.run(*(part for text in settings for part in ("--set", text))) == 0
    ledgers = {r["cell"]["method"]["name"]: r["ledger"] for r in lab.records().values()}
    ascent = ledgers["fairforget/grad-ascent"]
    assert ascent["stopped"] == "rule"
    assert ascent["updates"] % 2 == 0
    assert 2 <= ascent["updates"] < 60
    assert ascent["stopping"]["forward_sequences"] > 0
    assert ascent["forward_equivalents"] == 3 * ascent["unlearning"]["forward_sequences"], (
        "the rule is not the method's"
    )


def test_a_curriculum_by_difficulty_is_paid_for_and_logged(lab):
    settings = [
        "methods=[grad-ascent]",
        "curricula=[uniform, {name: mrd-weighted, by: {name: mrd, max_forwards: 9}}]",
        "samplers=[random]",
        "draws=1",
        "seeds=2",
        "budget={epochs: 3}",
    ]
    assert lab.run(*(part for text in settings for part in ("--set", text))) == 0
    records = list(lab.records().values())
    assert len(records) == 4
    for record in records:
        ledger = record["ledger"]
        weighted = record["cell"]["curriculum"]["name"] == "fairforget/mrd-weighted"
        assert ledger["updates"] == 3
        scored = 3 * 9 * 4 if weighted else 0  # epochs, passes, samples
        assert ledger["difficulty"]["forward_sequences"] == scored
        assert ledger["forward_equivalents"] == 3 * 12 + scored
        assert sum(ledger["visits"].values()) == 12
        assert [entry["samples"] for entry in ledger["curriculum"]] == [4, 4, 4]
        assert all(entry.get("scored", False) == weighted for entry in ledger["curriculum"])
        assert all((entry["effective_sample_size"] == 4) == (not weighted) for entry in ledger["curriculum"])


def test_ctrl_c_says_what_is_kept_and_how_to_go_on(lab):
    command = [sys.executable, "-m", "fairforget", "run", str(lab.file), "--out", str(lab.out), "--engine", "local:1"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600
    while not list(lab.out.glob("cells/*.json")):
        assert time.monotonic() < deadline, "it hangs"
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert f"what is done is kept in {lab.out}" in said
    assert "Traceback" not in said
    assert lab.run() == 0


@pytest.mark.parametrize("begins", ["fairforget.board.forms.terminal.print_board", "fairforget.cli.run._run"])
def test_ctrl_c_says_so_also_before_the_first_cell_and_after_the_last(finished, capsys, monkeypatch, begins):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(begins, interrupted)
    assert finished.run() == 130
    said = capsys.readouterr().err
    assert f"what is done is kept in {finished.out}, and the same command goes on from there" in said
    assert said.count("interrupted") == 1
