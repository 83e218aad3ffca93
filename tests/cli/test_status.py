from __future__ import annotations

import json
import os

import pytest

from fairforget.cli import main
from fairforget.cli.status import lines, to_json
from fairforget.progress import read_progress
from fairforget.run.telling import Telling
from fairforget.store.runners import joined


@pytest.fixture
def run(tmp_path):
    (tmp_path / "cells").mkdir()
    (tmp_path / "study.yaml").write_text("name: tofu-small\n")
    keys = [f"{i:024x}" for i in range(6)]
    (tmp_path / "plan.json").write_text(json.dumps({"cells": keys}))

    def record(key, **content):
        (tmp_path / "cells" / f"{key}.json").write_text(json.dumps({"key": key, **content}))

    record(keys[0], status="ok")
    record(keys[1], status="ok")
    record(keys[2], status="failed", problems=[{"kind": "nan-loss", "message": "loss is\x1b[31m NaN"}])
    (tmp_path / "cells" / f"{keys[3]}.json").write_text('{"key": "half a rec')
    record(f"{99:024x}", status="ok")
    (tmp_path / "cells" / "x.tmp.json").write_text("being written")
    return tmp_path


def status(capsys, folder):
    assert main(["status", str(folder), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_cells_are_counted_from_the_files_alone(run, capsys):
    found = status(capsys, run)
    assert found | {"last_cell": None, "cells_per_hour": None} == {
        "study": "tofu-small",
        "planned": 6,
        "ok": 2,
        "failed": 1,
        "remaining": 3,
        "unreadable": [f"{3:024x}.json"],
        "unplanned": 1,
        "failures": {f"{2:024x}": "nan-loss: loss is\x1b[31m NaN"},
        "trials": None,
        "last_cell": None,
        "cells_per_hour": None,
        "work_seconds": 0.0,
        "seconds_left": None,
        "known": 1.0,
        "runners": [],
    }


def test_trials_of_tuning_are_counted_while_there_is_no_plan_yet(tmp_path, capsys):
    (tmp_path / "tuning").mkdir()
    trials = [{"value": 0.5}, {"value": 0.0}, {"value": None}]
    (tmp_path / "tuning" / "trials.json").write_text(json.dumps({"searches": [{"trials": trials}, {"trials": trials}]}))
    found = status(capsys, tmp_path)
    assert (found["trials"], found["planned"], found["ok"]) == (4, None, 0)
    assert main(["status", str(tmp_path)]) == 0
    assert "4 trials of tuning done" in capsys.readouterr().out


def test_for_people(run, capsys):
    assert main(["status", str(run)]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "tofu-small: 2 of 6 cells done, 1 failed, 3 to run"
    assert "nan-loss: loss is[31m NaN" in said
    assert "\x1b" not in said


def test_without_a_plan_the_records_are_counted(run, capsys):
    (run / "plan.json").unlink()
    found = status(capsys, run)
    assert (found["planned"], found["remaining"], found["ok"], found["unplanned"]) == (None, None, 3, 0)


def test_before_the_first_cell(run, capsys):
    for file in (run / "cells").iterdir():
        file.unlink()
    (run / "cells").rmdir()
    assert status(capsys, run)["remaining"] == 6


def test_a_record_under_a_foreign_name_does_not_count(run, capsys):
    (run / "cells" / f"{5:024x}.json").write_text(json.dumps({"key": f"{4:024x}", "status": "ok"}))
    found = status(capsys, run)
    assert found["ok"] == 2
    assert f"{5:024x}.json" in found["unreadable"]


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, "[]", "null", '{"key": 3}', '{"status": "ok"}', b"\xff\xfe\x00", '{"key": "k", "status": []}'],
)
def test_hostile_records_are_unreadable(run, capsys, content):
    data = content if isinstance(content, bytes) else content.encode()
    (run / "cells" / f"{4:024x}.json").write_bytes(data)
    assert f"{4:024x}.json" in status(capsys, run)["unreadable"]


@pytest.mark.parametrize("content", ["name: [", "name: 3", "- a", "!!python/object/apply:os.system [true]", "\0"])
def test_a_study_file_that_says_no_name(run, capsys, content):
    (run / "study.yaml").write_text(content)
    assert status(capsys, run)["study"] is None


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 2
    assert "is not the folder of a run" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", '{"cells": 3}', '{"cells": [1]}'])
def test_a_broken_plan_is_named(run, capsys, content):
    (run / "plan.json").write_text(content)
    assert main(["status", str(run)]) == 2
    assert "plan.json is not a plan" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["!!bool x", "!!int ''", "!!timestamp x", "!!float ''", "[" * 900, "&a [*a]"])
def test_a_study_file_of_a_stranger_has_no_name(run, capsys, name):
    (run / "study.yaml").write_text(f"name: {name}\n")
    assert status(capsys, run)["study"] is None


def test_records_of_a_stranger_are_unreadable(run, capsys):
    keys = [f"{i:024x}" for i in range(6)]
    (run / "cells" / f"{keys[0]}.json").write_text(json.dumps({"key": keys[0], "status": ["ok"]}))
    (run / "cells" / f"{keys[1]}.json").write_text(json.dumps({"key": keys[1], "status": {"ok": 1}}))
    os.mkfifo(run / "cells" / f"{keys[4]}.json")
    (run / "cells" / f"{keys[5]}.json").symlink_to("/dev/zero")
    found = status(capsys, run)
    assert found["unreadable"] == [f"{key}.json" for key in (keys[0], keys[1], keys[3], keys[4], keys[5])]


def test_a_run_of_pipes_is_not_waited_for(tmp_path, capsys):
    (tmp_path / "cells").mkdir()
    (tmp_path / "tuning").mkdir()
    for name in ("study.yaml", "tuning/trials.json"):
        os.mkfifo(tmp_path / name)
    assert status(capsys, tmp_path)["study"] is None
    os.mkfifo(tmp_path / "plan.json")
    assert main(["status", str(tmp_path)]) == 2
    assert "is not a plan" in capsys.readouterr().err


MIDNIGHT = 1_700_006_400.0
"""2023-11-15T00:00:00Z."""


@pytest.fixture
def paced(tmp_path):
    """Eight cells of two kinds; of the first three of one kind and one of the other are done, one every 10 minutes."""
    (tmp_path / "cells").mkdir()
    keys = [f"{i:024x}" for i in range(8)]
    plan = {"schema": 1, "study": "paced", "cells": keys, "kinds": [0, 0, 0, 0, 0, 1, 1, 1]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    for i, (key, seconds) in enumerate([(keys[0], 50), (keys[1], 60), (keys[2], 70), (keys[5], 300)]):
        path = tmp_path / "cells" / f"{key}.json"
        path.write_text(json.dumps({"key": key, "status": "ok", "ledger": {"unlearning": {"seconds": seconds}}}))
        os.utime(path, (MIDNIGHT, MIDNIGHT + 600 * (i - 3)))
    return tmp_path


def said(folder, now):
    return lines(read_progress(folder), "paced", now)


def test_what_is_left_is_judged_by_the_records_of_its_kind(paced):
    found = to_json(read_progress(paced), MIDNIGHT + 90)
    assert (found["last_cell"], found["cells_per_hour"]) == ("2023-11-15T00:00:00Z", pytest.approx(6.0))
    assert (found["work_seconds"], found["known"]) == (2 * 60 + 2 * 300, 1.0)
    assert (found["seconds_left"], found["runners"]) == (None, []), "nobody is at work"
    assert said(paced, MIDNIGHT + 90) == [
        "paced: 4 of 8 cells done, 0 failed, 4 to run",
        "  nobody is at work here",
        "  last cell ended 2 min ago, about 12 min of work left",
    ]


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def cell(seed):
    draw = {"stratum": "easy\x1b[31m", "index": 0}
    return {"method": {"name": "npo"}, "curriculum": None, "draw": draw, "seed": seed}


def test_who_is_at_work_and_at_what(paced):
    with joined(paced, "study") as company, joined(paced, "study") as other:
        clock, wall = Clock(0.0), Clock(MIDNIGHT)
        first, second = Telling(company.tell, 2, clock, wall), Telling(other.tell, 1, clock, wall)
        first.started("a", cell(0), 60.0)
        first.started("b", cell(1), 300.0)
        second.stage("making the target model")
        found = to_json(read_progress(paced), MIDNIGHT + 30)
        # 720 s of work, of which 2 x 30 s are behind, over three; but the longest cell alone has 270 s to go.
        assert found["seconds_left"] == 270.0
        at_work = sorted(found["runners"], key=lambda runner: runner["slots"])
        assert [(runner["process"], runner["at_work"], runner["stage"]) for runner in at_work] == [
            (os.getpid(), 0, "making the target model"),
            (os.getpid(), 2, None),
        ]
        assert at_work[1]["cells"][1] == {
            "key": "b",
            "cell": "npo, easy\x1b[31m draw 0, seed 1",
            "since": "2023-11-15T00:00:00Z",
            "expected_seconds": 300.0,
        }
        text = "\n".join(said(paced, MIDNIGHT + 30))
        assert "seed 0 (30 s of about 60 s); npo, easy\x1b[31m draw 0, seed 1 (30 s of about 5 min)" in text
        assert "making the target model (30 s so far)" in text
        assert text.endswith("last cell ended 30 s ago, 6 cells an hour, about 4 min left")


def test_a_run_that_trains_its_target_has_no_plan_yet(tmp_path):
    with joined(tmp_path, "study") as company:
        (tmp_path / "study.yaml").write_text("name: young\n")
        Telling(company.tell, 1, Clock(0.0), Clock(MIDNIGHT)).stage("making the target model")
        first, second = said(tmp_path, MIDNIGHT + 7200)
        assert first == "young: 0 of an unknown number of cells done, 0 failed"
        assert second.endswith(": making the target model (2 h 0 min so far)")
    assert said(tmp_path, MIDNIGHT)[1:] == ["  nobody is at work here"], "it has died, or was stopped"


def test_a_clock_that_is_ahead_is_no_length_of_time(paced):
    with joined(paced, "study") as company:
        telling = Telling(company.tell, 1, Clock(0.0), Clock(MIDNIGHT + 3600))
        telling.started("a", cell(0), 60.0)
        text = "\n".join(said(paced, MIDNIGHT - 60))
    assert "seed 0\n" in text, "no time beside it"
    assert "last cell ended at 2023-11-15T00:00:00Z, by a clock that is ahead of this one" in text


def test_nothing_steers_the_terminal(paced, capsys):
    with joined(paced, "study") as company:
        company.tell(slots=1, stage=["\x1b]0;owned\x07\u202e", 1.0], cells=[["k", "\x1b[2J", 2.0, None]])
        assert main(["status", str(paced)]) == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(capsys.readouterr().out)
        assert main(["status", str(paced), "--json"]) == 0
        assert capsys.readouterr().out.isascii()


def test_a_plan_that_names_no_kinds_has_one(paced):
    plan = json.loads((paced / "plan.json").read_text())
    for kinds in (None, [0], ["a"] * 8, [True] * 8):
        (paced / "plan.json").write_text(json.dumps(plan | {"kinds": kinds}))
        assert to_json(read_progress(paced), MIDNIGHT)["work_seconds"] == 4 * (50 + 60 + 70 + 300) / 4


def test_a_finished_study_is_not_waited_for(paced, capsys):
    plan = json.loads((paced / "plan.json").read_text())
    done = [path.stem for path in (paced / "cells").iterdir()]
    (paced / "plan.json").write_text(json.dumps(plan | {"cells": done, "kinds": [0] * 4}))
    assert said(paced, MIDNIGHT + 5) == ["paced: 4 of 4 cells done, 0 failed, 0 to run", "  last cell ended 5 s ago"]


@pytest.mark.parametrize("time", [-1e9, 0.0, 1e11])
def test_times_that_no_clock_has_are_no_times(paced, time):
    for path in (paced / "cells").iterdir():
        os.utime(path, (time, time))
    found = to_json(read_progress(paced), MIDNIGHT)
    assert found["cells_per_hour"] is None
    assert said(paced, MIDNIGHT)
    json.dumps(found, allow_nan=False)
