"""The engine ray where no cluster is needed: options, resources, what is handed to workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.options import OptionError, build
from fairforget.version import version
from fairforget_engines import ray_worker
from fairforget_engines.ray import Ray
from fairforget_engines.ray_cluster import fitting, marked, passed_on
from fairforget_engines.ray_worker import RayWorker, Surroundings


def node(alive=True, **resources):
    return {"Alive": alive, "Resources": {"node:10.0.0.1": 1.0, "memory": 1e10, **resources}}


def made(**options):
    return build(Registry.discover(), "engine", PluginSpec("ray", options)).plugin


def test_the_engine_is_found_by_name_and_takes_options():
    engine = made(workers=3, address="10.0.0.1:6379", num_cpus=4, num_gpus=0.5, resources={"a100": 1}, retries=0)
    assert engine == Ray(3, "10.0.0.1:6379", 4, 0.5, {"a100": 1.0}, 0)
    assert (engine.slots(), engine.threads()) == (3, 4)
    assert Ray(num_cpus=0.5).threads() == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_gpus": 1.5}, r"a worker takes 1\.5 of GPU; more than one has to be a whole number"),
        ({"resources": {"tpu": 2.5}}, r"takes 2\.5 of tpu"),
        ({"resources": {"GPU": 1}}, "resources cannot name GPU; write num_cpus and num_gpus"),
        ({"num_cpus": 0}, r"no number of workers follows from them; give one, as in ray:4"),
        ({"address": "head"}, "address is HOST:PORT, auto or local, not 'head'"),
        ({"num_cpus": -1}, "num_cpus"),
        ({"gpus": 1}, "no option 'gpus'"),
    ],
)
def test_options_that_ray_would_refuse_are_refused_at_once(options, message):
    with pytest.raises(OptionError, match=message):
        made(**options)


def test_workers_without_resources_have_a_number():
    assert made(num_cpus=0, workers=7).slots() == 7


def test_nobody_knows_the_size_of_a_cluster_before_it_is_connected():
    assert Ray().slots() == 1


def test_what_the_nodes_hold():
    nodes = [node(CPU=8.0, GPU=2.0), node(CPU=3.0), node(alive=False, CPU=64.0), node(CPU=0.7)]
    assert fitting(nodes, {"CPU": 1, "GPU": 0}) == 8 + 3
    assert fitting(nodes, {"CPU": 2, "GPU": 0}) == 4 + 1
    assert fitting(nodes, {"CPU": 1, "GPU": 1}) == 2
    assert fitting(nodes, {"CPU": 1, "GPU": 0.5}) == 4
    assert fitting(nodes, {"CPU": 0.1, "GPU": 0}) == 80 + 30 + 7, "tenths are counted as tenths"
    assert fitting([node(CPU=8.0, a100=1.0), node(CPU=8.0)], {"CPU": 1, "a100": 1}) == 1


def test_where_no_node_is_large_enough_the_mend_is_named():
    with pytest.raises(FairforgetError, match=r"takes CPU 16, GPU 1; the most that a node has is CPU 8, GPU 0\. "):
        fitting([node(CPU=8.0), node(CPU=2.0)], {"CPU": 16, "GPU": 1})


def test_variables_are_passed_on_by_pattern_and_tokens_by_name_only(monkeypatch):
    for name in ("HF_HOME", "HF_TOKEN", "AWS_SECRET", "HF_HUB_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    found = passed_on(("HF_*", "HF_HUB_TOKEN"), 3)
    assert {name: found.get(name) for name in ("HF_HOME", "HF_TOKEN", "AWS_SECRET", "HF_HUB_TOKEN")} == {
        "HF_HOME": "hf_home",
        "HF_TOKEN": None,
        "AWS_SECRET": None,
        "HF_HUB_TOKEN": "hf_hub_token",
    }
    assert found["OMP_NUM_THREADS"] == "3"


def test_marks_lie_in_their_folders_and_go_again(tmp_path):
    folders = tmp_path / "run" / "deep", tmp_path
    killed = subprocess.run(
        [sys.executable, "-c", MARK_AND_DIE, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list(tmp_path.glob(".ray*"))) == 1
    with marked(folders) as marks:
        assert [os.path.dirname(mark) for mark in marks] == [str(folder) for folder in folders]
        assert all(os.path.exists(mark) for mark in marks)
        os.unlink(marks[1])
    assert not any(os.path.exists(mark) for mark in marks)
    assert os.listdir(folders[0]) == []
    assert os.listdir(tmp_path) == ["run"], "what a killed run has left goes too"


MARK_AND_DIE = """
import os, pathlib, signal, sys
from fairforget_engines.ray_cluster import marked
with marked([pathlib.Path(sys.argv[1])]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def around(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray_worker, "_LAG", 0.3)
    monkeypatch.setenv("FAIRFORGET_JOB_LOG", "")  # a worker may set it
    return Surroundings.here((), {})


def test_a_node_like_this_machine_has_no_trouble(around, tmp_path, monkeypatch):
    worker = RayWorker(around)
    monkeypatch.chdir("/")
    assert worker.trouble() == ""
    assert os.getcwd() == str(tmp_path), "paths of jobs may be relative to where the study was started"


def test_a_node_with_another_fairforget_is_named(around):
    other = Surroundings("0.0.1", around.cwd, (), {})
    assert f"is {version()}, and here 0.0.1; install the same on all nodes" in RayWorker(other).trouble()


def test_a_node_that_does_not_share_the_folders_is_named(around, tmp_path):
    there = Surroundings(around.version, around.cwd, (str(tmp_path / "run" / ".ray-1"),), {})
    assert f"does not see {tmp_path / 'run'} of this machine; choose a folder" in RayWorker(there).trouble()
    gone = Surroundings(around.version, str(tmp_path / "gone"), (), {})
    assert f"has no folder {tmp_path / 'gone'}; start the study in a folder that all" in RayWorker(gone).trouble()


def test_without_the_extra_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    message = r"engine ray needs ray, which .*: pip install 'fairforget\[ray\]'"
    with pytest.raises(FairforgetError, match=message), Ray(address="127.0.0.1:1").open():
        pass


def test_an_address_where_nobody_listens_is_told_at_once():
    pytest.importorskip("ray", reason="needs the extra: pip install 'fairforget[ray]'")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it meanwhile
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        message = f"no way to the Ray cluster at '{address}'.*engine.address=local"
        with pytest.raises(FairforgetError, match=message), Ray(address=address).open():
            pass
