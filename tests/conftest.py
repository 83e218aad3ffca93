"""What every test relies on: no network, one thread, a cache of its own, and none of the caller's switches."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import sys
import textwrap
from pathlib import Path

import pytest

# Before anything imports torch or transformers.
os.environ.update(
    OMP_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
)
# All but what says which of the tests can be run.
KEPT = ("FAIRFORGET_REAL_", "FAIRFORGET_BROWSER")
for name in [name for name in os.environ if name.startswith("FAIRFORGET_") and not name.startswith(KEPT)]:
    del os.environ[name]
# A shell's background jobs ignore Ctrl-C, and so would every child; some tests are about it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """Let pytest-xdist hand out the files in the order below, and not those with the most tests first."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files that have slow tests: what begins last keeps one worker busy and the others waiting."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory):
    """One for all processes of this test run: what one of them is making, the others wait for."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fairforget-cache"
    folder.mkdir(exist_ok=True)
    os.environ["FAIRFORGET_CACHE"] = str(folder)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    real = socket.socket.connect

    def connect(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            pytest.fail(f"a test tried to reach {address}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def smallest():
    """A task for studies, as YAML in one line: six people whom a model of 16 dimensions reads of once."""
    return (
        "{name: biographies, people: 6, retain_people: 2, holdout_people: 2, samples: 1, world_facts: 0, frequencies:"
        " [1], distributions: [in], lengths: [short], hidden_size: 16, layers: 1, vocabulary: 400, epochs: 1}"
    )


@pytest.fixture(scope="session")
def factory():
    """Makes records as tests want them, ``board/factory.py``; the folders of tests are no packages."""
    path = Path(__file__).parent / "board" / "factory.py"
    spec = importlib.util.spec_from_file_location("record_factory", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Site:
    """A folder on ``sys.path`` that holds distributions made up by a test."""

    def __init__(self, folder: Path):
        self.folder = folder

    def install(self, dist: str, source: str, *, version: str = "1.0", points: dict[str, str] | None = None) -> None:
        """Install a distribution with one module; `source` is its hook module, after the usual imports."""
        module = re.sub(r"[-.]", "_", dist).lower()
        header = "from fairforget import Entry, hookimpl\n"
        (self.folder / f"{module}.py").write_text(header + textwrap.dedent(source))
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        listed = "".join(f"{name} = {value}\n" for name, value in (points or {"methods": module}).items())
        (info / "entry_points.txt").write_text(f"[fairforget]\n{listed}")


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(folder)
    # For the processes that a test starts.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]))
    yield Site(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
