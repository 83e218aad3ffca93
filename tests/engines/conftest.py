from __future__ import annotations

import _socket
import contextlib
import importlib.util
import json
import os
import signal
import socket
from pathlib import Path

import pytest


class FakeSlurm:
    """The commands of a Slurm of one machine, on the PATH; see ``fake_slurm.py``."""

    def __init__(self, folder: Path, program):
        self.folder = folder
        self._program = program

    def note(self, job: str, **facts):
        """Write facts down about a job, as its Slurm does."""
        self._program.note(job, self.folder, **facts)

    def facts(self, job: str) -> dict:
        """Return what is written down about a job."""
        return json.loads((self.folder / f"{job}.job").read_text())

    def calls(self, command: str) -> list[list[str]]:
        """Return the arguments of each call of a command."""
        file = self.folder / "calls"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line[1:] for line in lines if line[0] == command]

    def scripts(self) -> list[str]:
        """Return what was given to sbatch."""
        return [path.read_text() for path in sorted(self.folder.glob("*/script.sh"))]

    def states(self) -> dict[str, str]:
        """Return the state of every job."""
        return {path.stem: self.facts(path.stem)["state"] for path in sorted(self.folder.glob("*.job"))}


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("fake_slurm", Path(__file__).with_name("fake_slurm.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = FakeSlurm(tmp_path / "slurm", module)
    made.folder.mkdir()
    monkeypatch.setenv("FAKE_SLURM", str(made.folder))
    monkeypatch.setenv("PATH", f"{module.install(made.folder)}{os.pathsep}{os.environ['PATH']}")
    yield made
    for path in made.folder.glob("*.job"):
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.killpg(json.loads(path.read_text())["pid"], signal.SIGKILL)


class RayNodes:
    """Two nodes with a CPU each; the first one keeps the cluster's books."""

    def __init__(self):
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.address = self._cluster.address
        self._second = None

    def complete(self):
        """Have both nodes there."""
        if self._second is None:
            self._second = self._cluster.add_node(num_cpus=1)

    def lose(self):
        """Lose the second node, as by a power cut, and return its id."""
        lost, self._second = self._second, None
        self._cluster.remove_node(lost, allow_graceful=False)
        return lost.node_id

    @contextlib.contextmanager
    def another(self, **resources):
        """Have one more node while inside."""
        node = self._cluster.add_node(**resources)
        try:
            yield
        finally:
            self._cluster.remove_node(node)

    def close(self):
        self._cluster.shutdown()


@pytest.fixture(scope="session")
def ray_nodes():
    """A Ray cluster for all tests of a process."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # at Ray's 15 the rest of the suite starves them
        made = RayNodes()
        signal.signal(signal.SIGTERM, before)  # what Ray does then is no business of the other tests
        yield made
        made.close()


@pytest.fixture
def two(ray_nodes, monkeypatch):
    """The cluster with both nodes there, which have this machine's own address and not that of the loop."""
    real, own = socket.socket.connect, ray_nodes.address.rpartition(":")[0]

    def connect(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] == own:
            return _socket.socket.connect(self, address)
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    ray_nodes.complete()
    return ray_nodes
