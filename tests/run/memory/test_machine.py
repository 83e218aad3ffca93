"""How much memory there is: by the files of Linux, of containers of both kinds, and by the driver of GPUs."""

from __future__ import annotations

import math
import resource
from pathlib import Path

import pytest

from fairforget.run.memory import machine
from fairforget.run.memory.machine import devices_here, memory_here

GIB = 1 << 30


def write(root: Path, files: dict[str, str | int]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return root


def meminfo(total: int, available: int, swap: int = 0, swap_free: int = 0) -> str:
    rows = {"MemTotal": total, "MemFree": 1, "MemAvailable": available, "SwapTotal": swap, "SwapFree": swap_free}
    return "\n".join(f"{name}:       {size * GIB // 1024} kB" for name, size in rows.items())


def test_a_machine_without_limits(tmp_path: Path) -> None:
    found = memory_here(write(tmp_path, {"proc/meminfo": meminfo(16, 10, 4, 3), "proc/self/cgroup": "0::/"}))
    assert (found.capacity, found.free, found.limit) == (20 * GIB, 13 * GIB, "this machine")


def test_a_control_group_of_the_second_version_and_those_above_it(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": meminfo(64, 60, 8, 8),
        "proc/self/cgroup": "0::/user/job",
        "sys/fs/cgroup/user/memory.max": 12 * GIB,
        "sys/fs/cgroup/user/memory.swap.max": 1 * GIB,
        "sys/fs/cgroup/user/memory.swap.current": 0,
        "sys/fs/cgroup/user/memory.current": 7 * GIB,
        "sys/fs/cgroup/user/memory.stat": f"anon {4 * GIB}\ninactive_file {2 * GIB}\nactive_file {GIB}",
        "sys/fs/cgroup/user/job/memory.max": "max",
    }
    found = memory_here(write(tmp_path, files))
    # Files that are cached are taken back where memory is short: 4 GiB are in use.
    assert (found.capacity, found.free) == (13 * GIB, 9 * GIB)
    assert found.limit == f"the control group {tmp_path}/sys/fs/cgroup/user"


def test_swap_that_a_group_may_have_is_no_more_than_the_machine_has(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": meminfo(64, 60, 2, 1),
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/memory.max": 8 * GIB,
        "sys/fs/cgroup/memory.swap.max": "max",
    }
    found = memory_here(write(tmp_path, files))
    assert (found.capacity, found.free) == (10 * GIB, 9 * GIB)


@pytest.mark.parametrize(("both", "capacity"), [(None, 8), (7 * GIB, 7), (6 * GIB, 6)])
def test_a_control_group_of_the_first_version(tmp_path: Path, both: int | None, capacity: int) -> None:
    files: dict[str, str | int] = {
        "proc/meminfo": meminfo(64, 60, 2, 2),
        "proc/self/cgroup": "9:name=systemd:/x\n4:cpu,memory:/docker/abc\n0::/",
        "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": 6 * GIB,
        "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": 3 * GIB,
        "sys/fs/cgroup/memory/docker/abc/memory.stat": f"total_inactive_file {GIB}\ninactive_file 5",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
    }
    if both is not None:
        files["sys/fs/cgroup/memory/docker/abc/memory.memsw.limit_in_bytes"] = both
    found = memory_here(write(tmp_path, files))
    assert found.capacity == capacity * GIB
    assert found.free == (4 + capacity - 6) * GIB


def test_a_container_sees_its_own_group_at_the_top(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": meminfo(64, 60),
        "proc/self/cgroup": "0::/kubepods/pod/not-to-be-seen",
        "sys/fs/cgroup/memory.max": 3 * GIB,
    }
    assert memory_here(write(tmp_path, files)).capacity == 3 * GIB


@pytest.mark.parametrize("cgroup", ["", "nonsense", "0::/../../../../etc", "4:memory:/a/../b", "\x00::"])
def test_what_says_nothing_limits_nothing(tmp_path: Path, cgroup: str) -> None:
    found = memory_here(write(tmp_path, {"proc/self/cgroup": cgroup, "sys/fs/cgroup/memory.max": "what"}))
    assert (found.capacity, found.free) == (math.inf, math.inf)


def test_this_machine_has_some() -> None:
    found = memory_here()
    assert 1 << 27 < found.free <= found.capacity


def test_the_limits_of_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limits = {resource.RLIMIT_AS: (5 * GIB, -1), resource.RLIMIT_DATA: (resource.RLIM_INFINITY, -1)}
    monkeypatch.setattr(machine, "_ROOT", tmp_path)
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    assert memory_here(tmp_path).process == 5 * GIB


def test_gpus_are_asked_of_their_driver(tmp_path: Path) -> None:
    driver = tmp_path / "driver"
    driver.write_text("#!/bin/sh\necho 'Big, GPU, 81559, 81000'\necho 'Small GPU, 16384, 12'\n")
    driver.chmod(0o755)
    big, small = devices_here(str(driver))
    assert (big.name, big.capacity, big.free) == ("Big, GPU", 81559 << 20, 81000 << 20)
    assert (small.name, small.free) == ("Small GPU", 12 << 20)


@pytest.mark.parametrize("says", ["exit 9", "echo no devices were found", "echo 'a, [N/A], [N/A]'"])
def test_a_driver_that_does_not_answer_names_none(tmp_path: Path, says: str) -> None:
    driver = tmp_path / "driver"
    driver.write_text(f"#!/bin/sh\n{says}\n")
    driver.chmod(0o755)
    assert devices_here(str(driver)) == ()
    assert devices_here(str(tmp_path / "there is none")) == ()
