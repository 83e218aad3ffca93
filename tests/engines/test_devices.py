from __future__ import annotations

import os
from collections import Counter

import pytest

from fairforget.engines.devices import devices_for
from fairforget.engines.local import Local
from fairforget.errors import FairforgetError


@pytest.fixture
def machine(tmp_path):
    for name in ("nvidia2", "nvidia5", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "environ", "found"),
    [
        ("auto", {}, ("0", "1")),
        ("none", {}, ()),
        ("none", {"CUDA_VISIBLE_DEVICES": "3"}, ()),
        ("auto", {"CUDA_VISIBLE_DEVICES": "3,1"}, ("3", "1")),
        ("auto", {"CUDA_VISIBLE_DEVICES": ""}, ()),
        ("auto", {"CUDA_VISIBLE_DEVICES": "-1"}, ()),
        ("auto", {"CUDA_VISIBLE_DEVICES": "0,-1,2"}, ("0",)),
        ("auto", {"CUDA_VISIBLE_DEVICES": "GPU-8932f937-d72c"}, ("GPU-8932f937-d72c",)),
        ("1", {"CUDA_VISIBLE_DEVICES": "3"}, ("1",)),
        ("MIG-a1/7/0, 2", {}, ("MIG-a1/7/0", "2")),
    ],
)
def test_which_devices_cells_may_use(machine, wanted, environ, found):
    assert devices_for(wanted, environ, machine) == found


@pytest.mark.parametrize("wanted", ["", "all", "0,,1", "0,0", "0;rm", "cuda:0"])
def test_what_names_no_device_is_refused(wanted):
    with pytest.raises(FairforgetError, match="names no GPUs; write auto, none, or their numbers"):
        devices_for(wanted, {})


def test_devices_of_rocm_are_counted_too(tmp_path):
    (tmp_path / "dri").mkdir()
    for name in ("card0", "renderD128", "renderD129"):
        (tmp_path / "dri" / name).touch()
    assert devices_for("auto", {}, tmp_path) == (), "a screen is no device to compute on"
    (tmp_path / "kfd").touch()
    assert devices_for("auto", {}, tmp_path) == ("0", "1")


def test_a_machine_without_devices_has_none(tmp_path):
    assert devices_for("auto", {}, tmp_path) == ()


@pytest.mark.parametrize(
    ("engine", "slots"),
    [
        (Local(devices="0,1"), 2),
        (Local(devices="0,1", cells_per_device=3), 6),
        (Local(devices="0,1", workers=5), 5),
        (Local(devices="none"), len(os.sched_getaffinity(0))),
    ],
    ids=str,
)
def test_as_many_cells_at_a_time_as_the_devices_take(engine, slots):
    assert engine.slots() == slots
    assert engine.threads() == 1, "what the tests' OMP_NUM_THREADS allows"


def seen(engine, jobs):
    """Return what the processes of an engine see, each asked once."""
    meet = "import os, time\ntime.sleep(1)\n"
    with engine.open() as executor:
        futures = [
            executor.submit(eval, f"(exec({meet!r}), __import__('os').environ.get('CUDA_VISIBLE_DEVICES'))[1]")
            for _ in range(jobs)
        ]
        return Counter(future.result(timeout=60) for future in futures)


def test_each_process_sees_one_device_and_this_process_what_it_saw(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    assert seen(Local(workers=2), 2) == {"4": 1, "7": 1}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"
    assert set(seen(Local(workers=1, devices="none"), 1)) == {""}


def test_without_devices_nothing_is_said_of_them(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("fairforget.engines.local.devices_for", lambda _: ())
    assert set(seen(Local(workers=1), 1)) == {None}


def test_a_process_that_replaces_a_dead_one_sees_the_same_device():
    with Local(workers=1, devices="6").open() as executor:
        dead = executor.submit(os._exit, 1)
        with pytest.raises(FairforgetError, match="died"):
            dead.result(timeout=60)
        assert executor.submit(os.getenv, "CUDA_VISIBLE_DEVICES").result(timeout=60) == "6"
