"""The fixture ``speed`` where benchmarks are disabled, the clock, the controls, and waiting for a turn."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from fairforget.testing.speed.measured.clock import processor_seconds
from fairforget.testing.speed.measured.controls import CONTROLS
from fairforget.testing.speed.measured.turns import VARIABLE, wait_for_turn

BUSY = "import time\nwhile time.process_time() < {seconds}: pass"


def test_disabled_benchmarks_run_once(speed):
    did = []
    speed(did.append, lambda: did.append("control"), setup=lambda: "prepared")
    assert did == ["control", "prepared"]


def test_what_is_prepared_is_handed_on_only_if_there_is_something(speed):
    did = []
    speed(lambda *given: did.append(given), "interpreter", setup=lambda: None)
    assert did == [()]


def test_a_wrong_name_of_a_control_is_noticed(speed, benchmark):
    with pytest.raises(KeyError, match="tensor"):
        speed(lambda: None, "tensor")
    benchmark(lambda: None)


def test_the_clock_counts_work_of_children_and_no_waiting():
    begin = processor_seconds()
    time.sleep(0.2)
    assert processor_seconds() - begin < 0.1
    begin = processor_seconds()
    subprocess.run([sys.executable, "-c", BUSY.format(seconds=0.4)], check=True)
    assert processor_seconds() - begin > 0.35


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_leave_nothing_behind(name, tmp_path, monkeypatch):
    import torch

    monkeypatch.chdir(tmp_path)
    state = torch.random.get_rng_state()
    begin = processor_seconds()
    CONTROLS[name]()
    assert 0.002 < processor_seconds() - begin < 2
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not list(tmp_path.iterdir())


def test_without_a_gate_nobody_waits(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    wait_for_turn()


@pytest.fixture
def gate(monkeypatch):
    """The gate's ends of the pipes: what it reads, what it writes."""
    (ours, go), (asks, theirs) = os.pipe(), os.pipe()
    monkeypatch.setenv(VARIABLE, f"{ours},{theirs}")
    yield asks, go
    for pipe in (ours, asks, theirs):
        os.close(pipe)


def test_a_turn_is_waited_for(gate):
    asks, go = gate
    waiting = threading.Thread(target=wait_for_turn)
    waiting.start()
    assert os.read(asks, 1) == b"?"
    waiting.join(0.05)
    assert waiting.is_alive()
    os.write(go, b"!")
    waiting.join(10)
    assert not waiting.is_alive()
    os.close(go)


def test_a_gate_that_has_gone_is_an_error(gate):
    _, go = gate
    os.close(go)
    with pytest.raises(ConnectionError, match="ended"):
        wait_for_turn()
