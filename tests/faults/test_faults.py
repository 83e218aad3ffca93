"""Seeded faults in real processes: whatever happens, the continued study ends as the undisturbed one.

``python tests/faults/soak.py --cases 2000`` plays more of them.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

CASES = 200
FIRST = 40
"""Those beyond take minutes together."""


@pytest.fixture(scope="module")
def struck():
    """How many faults of which kind struck, by the seed of the case."""
    return {}


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.slow] * (seed >= FIRST)) for seed in range(CASES)]
)
def test_the_continued_study_ends_as_the_undisturbed_one(rig, server, references, struck, tmp_path, seed):
    struck[seed] = rig["case"].Case(seed).play(server, references, tmp_path / "case")


def test_faults_of_every_kind_did_strike(rig, server, references, struck, tmp_path):
    """In the cases that were played in this process; others are played until it is known, where those are few."""
    kinds = rig["case"].KINDS
    total = sum(struck.values(), Counter())
    for seed in (seed for seed in range(CASES) if seed not in struck):
        if all(total[kind] >= 3 for kind in kinds):
            break
        struck[seed] = rig["case"].Case(seed).play(server, references, tmp_path / str(seed))
        total.update(struck[seed])
    assert all(total[kind] >= 3 for kind in kinds), total
    assert sum(total.values()) > len(struck) / 2, total


@pytest.fixture
def place(rig, tmp_path):
    return rig["client"].Place(tmp_path / "case", "plain")


def run(server, place, *arguments, **how):
    (ended,) = server.run(place.request(*arguments, **how))
    assert "Traceback" not in ended.err
    return ended


def failed(rig, place):
    return {key: record for key, record in rig["looks"].result(place).items() if record.get("status") == "failed"}


@pytest.mark.parametrize(
    ("trouble", "kind", "told"),
    [
        ("memory", "out-of-memory", "MemoryError: no memory, says the test"),
        ("allocation", "out-of-memory", "can't allocate memory"),
        ("bug", "exception", "ValueError: a bug of the method, says the test"),
    ],
)
def test_a_failed_cell_keeps_its_traceback_and_is_tried_again_only_when_asked(
    rig, server, references, place, trouble, kind, told
):
    place.root.mkdir()
    (place.root / "trouble").write_text(trouble)
    assert run(server, place).code == 1
    cells = failed(rig, place)
    assert len(cells) == 1
    (problem,) = next(iter(cells.values()))["problems"]
    assert problem["kind"] == kind
    assert told in problem["message"]
    assert "in loss" in problem["traceback"]
    assert not (place.root / "trouble").exists()
    again = run(server, place)
    assert again.code == 1
    assert not again.records
    assert failed(rig, place) == cells
    retried = run(server, place, "--retry-failed")
    assert retried.code == 0
    assert [f"cells/{key}.json" for key in retried.records] == list(cells)
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []


def test_a_disk_that_fills_up_inside_a_cell_is_no_failure_of_the_cell(rig, server, references, place):
    place.root.mkdir()
    (place.root / "trouble").write_text("disk")
    stopped = run(server, place)
    assert stopped.code == 2
    assert "no space is left on the disk; free some and run the same command again" in stopped.err
    assert not failed(rig, place)
    assert run(server, place).code == 0
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []


def test_an_interrupt_that_a_library_takes_for_its_own_error_is_still_one(rig, server, references, place):
    place.root.mkdir()
    (place.root / "trouble").write_text("interrupt")
    stopped = run(server, place)
    assert stopped.code == 130
    assert "the same command goes on from there" in stopped.err
    assert not failed(rig, place)
    assert run(server, place).code == 0
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []


def test_an_oracle_that_finds_no_room_is_no_failure_of_its_cell(rig, server, references, place):
    assert run(server, place, "--set", "methods=[untouched]").code == 0
    # What comes now changes nothing in the cache before an oracle is trained.
    for step in range(8, 30, 3):
        stopped = run(server, place, fault={"step": step, "error": "ENOSPC"})
        assert stopped.code == 2, stopped.err
        assert not failed(rig, place)
    assert run(server, place).code == 0
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []


def test_a_process_that_dies_in_a_cell_loses_that_cell_alone(rig, server, references, place):
    place.root.mkdir()
    (place.root / "trouble").write_text("killed")
    died = run(server, place)
    assert died.code == -9
    rest = run(server, place)
    assert rest.code == 0
    assert not set(died.records) & set(rest.records)
    assert set(died.records) | set(rest.records) == {
        key.split("/")[1][:24] for key in references["plain"].result if "/" in key
    }
    assert rig["looks"].differences(rig["looks"].result(place), references["plain"].result) == []


def test_temporary_files_of_the_dead_are_cleared_wherever_they_were_left(rig, server, place):
    assert run(server, place, "--set", "draws=1").code == 0
    rng = random.Random(5)
    dead = [p.with_name(f".{p.name}.{host_of()}-{10**9 + i}-0123abcd.partial") for i, p in enumerate(whole(place))]
    for path in dead:
        path.write_bytes(rng.randbytes(20))
    locks = [path.with_name(f".{path.stem}.{what}") for path in place.out.glob("cells/*") for what in ("order", "work")]
    for path in locks:
        path.touch()
    assert len({path.parent for path in dead}) >= 3
    for kept in [*place.cache.glob("pools/*.json"), *place.cache.glob("scores/*.json")]:
        kept.unlink()  # in the cache they are cleared where something is made
    assert run(server, place).code == 0
    assert rig["looks"].leftovers(place) == []
    for path in locks:  # where there is nothing to run, too
        path.touch()
    assert run(server, place).code == 0
    assert rig["looks"].leftovers(place) == []


def whole(place):
    folders = (place.out, place.out / "cells", place.cache / "pools", place.cache / "scores")
    return [path for folder in folders for path in folder.glob("*.json")]


def host_of():
    from fairforget.store import atomic

    return atomic._host()
