"""What MLflow has after a study, and after the study again."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from fairforget_mlflow.flat import flat, name_of, numbers

import fairforget
from fairforget.registry import Registry


def runs(client, name="fairforget/tracked"):
    """Return the runs of studies, and those of cells by their keys."""
    experiment = client.get_experiment_by_name(name).experiment_id
    found = client.search_runs([experiment], max_results=1000)
    cells = {run.data.tags["fairforget.key"]: run for run in found if "fairforget.key" in run.data.tags}
    studies = [run for run in found if "fairforget.study" in run.data.tags]
    assert len(found) == len(cells) + len(studies)
    return studies, cells


def records(folder):
    return {path.stem: json.loads(path.read_text()) for path in (folder / "cells").glob("*.json")}


def artifact(client, run, name):
    return json.loads(Path(client.download_artifacts(run.info.run_id, name)).read_text())


def test_discovery_loads_no_mlflow():
    import subprocess
    import sys

    code = "import sys, fairforget.registry as r; r.Registry.discover(); assert 'fairforget_mlflow' in sys.modules; " \
        "assert not {'mlflow', 'torch', 'numpy'} & set(sys.modules)"  # fmt: skip
    subprocess.run([sys.executable, "-c", code], check=True)
    assert Registry.discover().problems == ()


def test_a_study_is_logged_and_goes_on_where_it_was(client, study, tmp_path):
    out = tmp_path / "out"
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        fairforget.run(study, out, settings=["draws=2"])
    first_study, first = runs(client)
    assert len(first_study) == 1
    assert len(first) == 4

    # More draws: another study, whose old cells are there and told to nobody; so are the new ones' runs below it.
    fairforget.run(study, out)
    studies, cells = runs(client)
    assert len(studies) == 2
    found = records(out)
    assert cells.keys() == found.keys()
    assert len(found) == 6
    for key, record in found.items():
        run = cells[key]
        assert run.info.status == "FINISHED"
        for column, score in record["scores"].items():
            if score["value"] is not None:
                assert run.data.metrics[column] == pytest.approx(score["value"], abs=1e-12)
        assert run.data.metrics["ledger/updates"] == record["ledger"]["updates"]
        assert run.data.params["method"] == record["cell"]["method"]["name"]
        assert run.data.params["draw"] == str(record["cell"]["draw"]["index"])
        assert (run.data.params.get("method_option.reduction") == "mean") == (
            "grad-ascent" in run.data.params["method"]
        )
    (newest,) = [s for s in studies if s.info.run_id != first_study[0].info.run_id]
    assert newest.data.params["optimizer.lr"] == "0.001"
    assert newest.data.params["cells"] == "6"

    # The trajectory of a cell, step by step.
    key, record = next((k, r) for k, r in found.items() if "grad-ascent" in r["cell"]["method"]["name"])
    history = client.get_metric_history(cells[key].info.run_id, "way/forget_probability")
    assert {m.step: m.value for m in history} == {
        look["update"]: pytest.approx(look["scores"]["forget_probability"]) for look in record["trajectory"]
    }

    # The same command again: nothing runs, no run is added, the board is there.
    fairforget.run(study, out)
    again, same = runs(client)
    assert {s.info.run_id for s in again} == {s.info.run_id for s in studies}
    assert {k: r.info.run_id for k, r in same.items()} == {k: r.info.run_id for k, r in cells.items()}
    assert {s.info.status for s in again} == {"FINISHED"}
    (now,) = [s for s in again if s.info.run_id == newest.info.run_id]
    board = json.loads((out / "board.json").read_text())
    assert artifact(client, now, "board.json") == board
    assert artifact(client, now, "study.json")["methods"][1]["reduction"] == "mean"
    (row,) = [r for r in board["tables"][0]["rows"] if r["label"] == "grad-ascent"]
    assert now.data.metrics["score/grad-ascent"] == pytest.approx(row["headline"]["score"]["mean"])
    assert now.data.metrics["score-low/grad-ascent"] == pytest.approx(row["headline"]["score"]["low"])


def test_a_study_goes_on_under_another_engine(client, study, tmp_path):
    study |= {"draws": 2, "trajectory": None}
    fairforget.run({**study, "engine": "inline"}, tmp_path / "out")
    (parent,), before = runs(client)
    lost = sorted((tmp_path / "out" / "cells").glob("*.json"))[:3]
    for path in lost:
        path.unlink()

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # of a tracker that failed
        fairforget.run({**study, "engine": "local:2"}, tmp_path / "out")
    (same,), cells = runs(client)
    assert same.info.run_id == parent.info.run_id
    assert {key: run.info.run_id for key, run in cells.items()} == {key: run.info.run_id for key, run in before.items()}
    assert {run.info.status for run in (same, *cells.values())} == {"FINISHED"}
    for key, record in records(tmp_path / "out").items():
        run = cells[key]
        assert run.data.tags["mlflow.parentRunId"] == same.info.run_id
        assert run.data.metrics["seconds/evaluation"] == pytest.approx(record["ledger"]["evaluation"]["seconds"])
        told_again = (tmp_path / "out" / "cells" / f"{key}.json") in lost
        assert (run.info.end_time > parent.info.end_time) == told_again
    assert "engine" not in " ".join(same.data.params)
    assert (parent.data.tags["fairforget.engine"], same.data.tags["fairforget.engine"]) == ("inline", "local:2")
    assert artifact(client, same, "study.json")["engine"] == "local:2"


def test_a_cell_that_is_run_again_replaces_its_run(client, study, tmp_path):
    plugin = tmp_path / "moody.py"
    plugin.write_text(
        "from pathlib import Path\n"
        "from fairforget import Entry, hookimpl\n"
        "from fairforget.api import Method\n"
        "@hookimpl\n"
        "def fairforget_methods():\n"
        "    return [Entry('moody', f'{__name__}:Moody')]\n"
        "class Moody(Method):\n"
        "    def unlearn(self, run):\n"
        "        if not Path('mended').exists():\n"
        "            raise ValueError('not in the mood')\n"
    )
    study |= {"methods": ["moody"], "draws": 1, "trajectory": None}
    fairforget.run(study, tmp_path / "out", plugins=[plugin])
    (parent,), ((key, run),) = runs(client)[0], runs(client)[1].items()
    assert (parent.info.status, run.info.status) == ("FAILED", "FAILED")
    assert "not in the mood" in run.data.tags["fairforget.problem"]

    (tmp_path / "mended").touch()
    fairforget.run(study, tmp_path / "out", plugins=[plugin], retry_failed=True)
    (parent,), cells = runs(client)
    assert cells.keys() == {key}
    assert cells[key].info.run_id == run.info.run_id
    assert (parent.info.status, cells[key].info.status) == ("FINISHED", "FINISHED")
    assert cells[key].data.tags["fairforget.problem"] == ""
    assert "forget_probability" in cells[key].data.metrics


def test_a_study_that_is_stopped_goes_on_in_its_run(client, study, tmp_path):
    plugin = tmp_path / "impatient.py"
    plugin.write_text(
        "from pathlib import Path\n"
        "from fairforget import hookimpl\n"
        "@hookimpl\n"
        "def fairforget_cell_finished(progress):\n"
        "    if progress['done'] == 2 and not Path('patient').exists():\n"
        "        raise KeyboardInterrupt\n"
    )
    study |= {"methods": ["untouched"], "draws": 3, "trajectory": None, "engine": "inline"}
    with pytest.raises(KeyboardInterrupt):
        fairforget.run(study, tmp_path / "out", plugins=[plugin])
    ((parent,), cells), name = runs(client), "fairforget.problem"
    assert (parent.info.status, parent.data.tags[name]) == ("KILLED", "interrupted")
    assert len(cells) in {1, 2}, "two were done; the second is told where this tracker hears of it first"

    Path("patient").touch()
    fairforget.run(study, tmp_path / "out", plugins=[plugin])
    (same,), cells = runs(client)
    assert same.info.run_id == parent.info.run_id
    assert (same.info.status, same.data.tags[name]) == ("FINISHED", "")
    done = client.get_metric_history(same.info.run_id, "progress/done")
    assert max(metric.value for metric in done) == 3
    assert all(metric.step == metric.value for metric in done)
    assert same.data.metrics["progress/total"] == 3


def test_the_experiment_can_be_named(client, study, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "thesis")
    fairforget.run({**study, "methods": ["untouched"], "draws": 1}, tmp_path / "out")
    studies, cells = runs(client, "thesis")
    assert (len(studies), len(cells)) == (1, 1)


def test_a_store_that_cannot_be_had_stops_no_study(study, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    monkeypatch.setenv("MLFLOW_MAX_RETRIES", "0")
    study |= {"methods": ["untouched"], "draws": 1}
    with pytest.warns(match="fairforget-mlflow:mlflow failed in fairforget_study_started"):
        found = fairforget.run(study, tmp_path / "out")
    assert len(found)


def test_names_and_numbers_are_such_as_mlflow_takes():
    assert name_of("npo (beta=0.1) · easy") == "npo _beta_0.1_ _ easy"
    assert len(name_of("x" * 900)) == 250
    assert dict(flat({"a": {"b": 1, "c": None}, "d": [1, 2], "e": "x" * 900})) == {
        "a.b": "1", "d": "[1, 2]", "e": "x" * 500,
    }  # fmt: skip
    assert numbers({"a": 1, "b": float("nan"), "c": None, "d": "1", "e": 0.5}) == {"a": 1.0, "e": 0.5}
