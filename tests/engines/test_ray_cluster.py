"""The engine ray on a cluster of two nodes, both of this machine."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import time

import pytest

from fairforget.errors import FairforgetError, WorkerDied
from fairforget_engines.ray import Ray
from fairforget_engines.ray_cluster import connected
from fairforget_engines.ray_crew import Crew

ray = pytest.importorskip("ray", reason="needs the extra: pip install 'fairforget[ray]'")

pytestmark = pytest.mark.slow


@pytest.fixture
def crew(two):
    with Ray(address=two.address).open() as executor:
        yield executor


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


NODE = "__import__('ray').get_runtime_context().get_node_id()"


def test_results_come_back_and_the_workers_are_as_many_as_the_nodes_hold(two, crew):
    assert Ray(address=two.address).slots() == 2
    assert [f.result(timeout=60) for f in [crew.submit(divmod, i, 3) for i in range(5)]] == [
        divmod(i, 3) for i in range(5)
    ]
    both = [crew.submit(eval, f"(__import__('time').sleep(2), {NODE})[1]") for _ in range(2)]
    assert len({future.result(timeout=60) for future in both}) == 2, "two at once, so one on each node"


def test_what_a_job_raises_comes_out_of_its_future_and_the_next_job_goes_on(crew):
    bad, good = crew.submit(int, "x"), crew.submit(int, "7")
    with pytest.raises(ValueError, match="invalid literal") as caught:
        bad.result(timeout=60)
    assert "In the worker process:\nTraceback" in caught.value.__notes__[0]
    assert good.result(timeout=60) == 7
    with pytest.raises(FairforgetError, match=r"^mend it$"):
        crew.submit(exec, "from fairforget.errors import FairforgetError as E\nraise E('mend it')").result(timeout=60)


def test_a_worker_works_where_the_study_was_started_with_its_variables_and_threads(two, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", "/somewhere/else")
    with Ray(address=two.address, workers=1).open_in(tmp_path / "run") as executor:
        assert executor.submit(os.getcwd).result(timeout=60) == str(tmp_path)
        seen = executor.submit(eval, "dict(__import__('os').environ)").result(timeout=60)
        loaded = executor.submit(eval, "sorted(__import__('sys').modules)").result(timeout=60)
    assert (seen["HF_HOME"], seen["OMP_NUM_THREADS"]) == ("/somewhere/else", "1")
    host, _, log = seen["FAIRFORGET_JOB_LOG"].partition(":")
    assert (host, os.path.splitext(log)[1]) == (platform.node(), ".err")
    assert "torch" not in loaded, "the variables are set before anything heavy is imported"
    assert os.listdir(tmp_path / "run") == []


@pytest.mark.parametrize(("share", "wanted"), [(None, ["0", "1"]), (0.5, ["0", "0", "1", "1"])])
def test_a_worker_has_a_gpu_for_itself_or_shares_one_by_option(two, share, wanted):
    """Ray takes our word for the GPUs of a node, and hands them out as if they were there."""
    code = "(__import__('time').sleep(1), __import__('os').environ.get('CUDA_VISIBLE_DEVICES'))[1]"
    with two.another(num_cpus=4, num_gpus=2):
        engine = Ray(address=two.address, num_gpus=share)
        with engine.open() as executor:
            assert engine.slots() == len(wanted)
            seen = [executor.submit(eval, f"(__import__('os').getpid(), {code})") for _ in range(3 * len(wanted))]
            device_of = {}
            for pid, device in [future.result(timeout=120) for future in seen]:
                assert device_of.setdefault(pid, device) == device, "a worker keeps its GPU"
    assert sorted(device_of.values()) == wanted


def test_a_worker_is_kept_from_job_to_job(two):
    with Ray(address=two.address, workers=1).open() as executor:
        assert len({executor.submit(os.getpid).result(timeout=60) for _ in range(5)}) == 1


def test_workers_are_no_more_than_wanted(two, tmp_path):
    """Each job notes how many are at work; with one worker it is never two, although two nodes are there."""
    code = (
        f"(os := __import__('os'), open(f'{tmp_path}/{{os.getpid()}}', 'w').close(), "
        f"__import__('time').sleep(0.3), len(os.listdir('{tmp_path}')), os.unlink(f'{tmp_path}/{{os.getpid()}}'))[3]"
    )
    with Ray(address=two.address, workers=1).open() as executor:
        assert {f.result(timeout=60) for f in [executor.submit(eval, code) for _ in range(4)]} == {1}


def test_a_job_that_kills_its_workers_is_given_up_and_the_others_go_on(two):
    with Ray(address=two.address, retries=1).open() as executor:
        fatal = executor.submit(signal.raise_signal, signal.SIGKILL)
        others = [executor.submit(abs, -i) for i in range(6)]
        with pytest.raises(WorkerDied, match=r"died in the middle of the job 2 times: on [\d.]+: .*worker process"):
            fatal.result(timeout=60)
        assert [future.result(timeout=60) for future in others] == list(range(6))


def test_a_job_whose_worker_is_killed_once_is_run_again(two, tmp_path):
    begun = tmp_path / "begun"
    code = (
        "import os, signal, pathlib\n"
        f"begun = pathlib.Path({str(begun)!r})\n"
        "first = not begun.exists()\n"
        "begun.touch()\n"
        "if first: os.kill(os.getpid(), signal.SIGKILL)"
    )
    with Ray(address=two.address, workers=1).open() as executor:
        assert executor.submit(exec, code).result(timeout=60) is None
    with Ray(address=two.address, workers=1, retries=0).open() as executor:
        begun.unlink()
        with pytest.raises(WorkerDied, match=r"died in the middle of the job: on"):
            executor.submit(exec, code).result(timeout=60)


def test_the_jobs_of_a_lost_node_are_run_on_the_other(two, tmp_path):
    code = (
        f"(node := {NODE}, open(f'{tmp_path}/{{node}}-{{__import__(\"os\").getpid()}}', 'w').close(), "
        "__import__('time').sleep(4))[0]"
    )
    with Ray(address=two.address).open() as executor:
        jobs = [executor.submit(eval, code) for _ in range(2)]
        wait_for(lambda: len(os.listdir(tmp_path)) == 2)
        lost = two.lose()
        ended_on = [job.result(timeout=120) for job in jobs]
    begun_on = [name.split("-")[0] for name in os.listdir(tmp_path)]
    assert lost in begun_on
    assert len(begun_on) == 2 or len(begun_on) == 3, "the second begins anew; in the same worker or in another"
    assert len(set(ended_on)) == 1
    assert lost not in ended_on


def test_what_no_node_has_is_said_at_once_or_when_patience_ends(two):
    message = "no node of the Ray cluster holds a worker, which takes CPU 1, GPU 1"
    with pytest.raises(FairforgetError, match=message), Ray(address=two.address, num_gpus=1).open():
        pass
    with Ray(address=two.address, workers=1, resources={"tpu": 1}, patience=1).open() as executor:
        jobs = [executor.submit(abs, 1) for _ in range(3)]
        for job in jobs:
            with pytest.raises(FairforgetError, match="has given no worker for 1 s"):
                job.result(timeout=60)
        with pytest.raises(FairforgetError, match="has given no worker for 1 s"):
            executor.submit(abs, 1)


class Broken:
    """A worker that does not come up."""

    def __init__(self, how):
        if how == "raises":
            raise ModuleNotFoundError("No module named 'fairforget'")

    def trouble(self):
        os._exit(1)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raises", "cannot start a worker: .*No module named 'fairforget'.*install the same fairforget there"),
        ("dies", "5 workers of the Ray cluster died at their start, the last one: on "),
    ],
)
def test_workers_that_do_not_come_up_end_the_study_with_a_reason(two, how, message):
    with connected(ray, two.address):
        kind = ray.remote(Broken).options(num_cpus=0)
        with (
            Crew(ray, lambda: kind.remote(how), workers=1, retries=0, patience=60) as broken,
            pytest.raises(FairforgetError, match=message),
        ):
            broken.submit(abs, 1).result(timeout=120)


def test_a_connection_of_the_caller_is_used_and_kept(two):
    with connected(ray, two.address):
        with Ray(address="10.0.0.1:1", workers=1).open() as executor:
            assert executor.submit(abs, -3).result(timeout=60) == 3
        assert ray.is_initialized()


def test_what_ray_says_of_its_nodes_is_no_part_of_the_results(two, capfd):
    with Ray(address=two.address, workers=1, retries=0).open() as executor, contextlib.suppress(WorkerDied):
        executor.submit(exec, "print('of a job', flush=True); import os; os._exit(1)").result(timeout=60)
    time.sleep(1)
    assert capfd.readouterr().out == ""
