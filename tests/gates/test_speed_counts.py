"""Exact counts, and how they are compared with committed ones."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pluggy
import pytest

from fairforget.testing.speed.measured.counting import Ear
from fairforget.testing.speed.measured.counts import UPDATE, Counts


@pytest.fixture(scope="module")
def ear():
    return Ear()


@pytest.fixture
def counts(ear, tmp_path, monkeypatch):
    """Writes what it counts; `committed` reads it."""
    monkeypatch.setenv(UPDATE, "1")
    return Counts(tmp_path / "counts.json", ear)


@pytest.fixture
def committed(tmp_path):
    return lambda: json.loads((tmp_path / "counts.json").read_text())["it"]


def test_files_below_a_folder(counts, committed, tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "inside too"
    inside.mkdir()
    outside.mkdir()
    with counts("it", within=inside):
        for folder in (inside, outside):
            for i in range(3):
                (folder / f"{i}.part").write_text("x")
            (folder / "0.part").replace(folder / "0")
            (folder / "1.part").read_bytes()
            list(folder.iterdir())
    assert committed() == {"files written": 3, "files renamed": 1, "files read": 1, "folders listed": 1}


def test_without_a_folder_no_file_counts(counts, committed, tmp_path):
    with counts("it"):
        (tmp_path / "x").write_text("x")
    assert committed() == {}


def test_processes_and_statements(counts, committed):
    with counts("it"):
        subprocess.run([sys.executable, "-c", ""], check=True)
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
        connection.close()
    assert committed() == {"processes": 1, "statements of SQL": 3}


def test_hook_calls(counts, committed):
    spec, impl = pluggy.HookspecMarker("made-up"), pluggy.HookimplMarker("made-up")

    class Specs:
        @spec
        def told(self):
            """Say something."""

    class Plugin:
        @impl
        def told(self):
            return 1

    with counts("it", hooks=True):
        manager = pluggy.PluginManager("made-up")
        manager.add_hookspecs(Specs)
        manager.register(Plugin())
        for _ in range(4):
            assert manager.hook.told() == [1]
    assert committed() == {"hook calls": 4}
    pluggy.PluginManager("made-up").hook  # noqa: B018 - none of the watched kind is left
    assert pluggy.PluginManager.__module__.startswith("pluggy")


def test_passes_and_steps(counts, committed):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=11, **sizes))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ids = torch.tensor([[1, 2, 3]])
    with counts("it", models=True):
        for _ in range(2):
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
        with torch.no_grad():
            model(input_ids=ids)
        with pytest.raises(IndexError):
            model(input_ids=torch.tensor([[99]]))
        loss = model(input_ids=ids, labels=ids).loss
        torch.autograd.grad(loss, [model.lm_head.weight])
    assert committed() == {"forward passes": 5, "backward passes": 3, "steps": 2}


def test_other_counts_fail_and_say_what_changed(ear, tmp_path, monkeypatch):
    monkeypatch.delenv(UPDATE, raising=False)
    (tmp_path / "counts.json").write_text('{"it": {"processes": 1, "hand-made": 2}}')
    counts = Counts(tmp_path / "counts.json", ear)
    with pytest.raises(pytest.fail.Exception, match=r"it: hand-made: 2 -> 3; processes: 1 -> 0\. .*--update-counts"):  # noqa: SIM117 - what is tested stands apart
        with counts("it") as seen:
            seen["hand-made"] = 3
    with counts("it") as seen:
        seen.update({"processes": 1, "hand-made": 2})


def test_what_was_never_committed_fails(ear, tmp_path, monkeypatch):
    monkeypatch.delenv(UPDATE, raising=False)
    with pytest.raises(pytest.fail.Exception, match=r"counts\.json has no counts of 'it'"):  # noqa: SIM117 - what is tested stands apart
        with Counts(tmp_path / "counts.json", ear)("it"):
            pass


def test_an_error_inside_is_told_and_nothing_is_written(counts, tmp_path):
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117 - what is tested stands apart
        with counts("it"):
            raise ZeroDivisionError
    assert not (tmp_path / "counts.json").exists()


def test_others_stay_when_one_is_written_anew(counts, tmp_path):
    (tmp_path / "counts.json").write_text('{"other": {"processes": 7}}')
    with counts("it") as seen:
        seen["x"] = 1
    assert json.loads((tmp_path / "counts.json").read_text()) == {"it": {"x": 1}, "other": {"processes": 7}}
