"""Processes that share a folder, are killed over their cells, and still run each once; a cell is a moment's sleep."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from fairforget.run.sharing.holds import Holds, computed_once
from fairforget.store.record import record_path, write_record
from fairforget.study.cell import cell_key

RUNNER = """
import json, sys, time, types
from pathlib import Path
sys.path.insert(0, {here!r})
from test_runs_side_by_side import CELLS, record
from fairforget.engines.inline import Inline
from fairforget.run.cells import CellRuns, cells_there
from fairforget.run.flight import Flight
from fairforget.run.watcher import Silent
from fairforget.store.record import write_record

folder, name, retry = Path(sys.argv[1]), sys.argv[2], len(sys.argv) > 3
log = folder / "log"

def compute(task, model, runtime, records, described, draw_info, tuning="null"):
    cell = json.loads(described)
    with log.open("a") as file:
        file.write(json.dumps(["begin", name, cell["seed"]]) + "\\n")
    time.sleep(0.02)
    write_record(Path(records), record(cell, name))
    with log.open("a") as file:
        file.write(json.dumps(["end", name, cell["seed"]]) + "\\n")

work = types.ModuleType("fairforget.run.work")  # the real one takes a second to import
work.cell = compute
sys.modules[work.__name__] = work

class Told(Silent):
    done = 0
    def finished(self, cell, record, left, known):
        self.done += 1

told, events = Told(), []
with Inline().open() as executor:
    there = cells_there(folder / "cells", CELLS, told, retry_failed=retry)
    missing = {{key: cell for key, cell in CELLS.items() if key not in there.keys}}
    done = CellRuns(folder / "cells", Flight(executor, 1), ("", "", ""), told).run(
        missing, lambda _: ("{{}}", "null"), lambda cell: events.append(("started", cell["seed"])),
        lambda cell, record: events.append(("finished", cell["seed"])), there.replaced,
    )
print(json.dumps([done.ran, len(done.lost), len(there.keys), told.done, events]))
"""


def record(cell, name):
    return {
        "schema": 1, "key": cell_key(cell), "cell": cell, "status": "ok", "problems": [], "scores": {}, "items": {},
        "item_hashes": {}, "ledger": {}, "environment": {"by": name},
    }  # fmt: skip


def cell(seed):
    draw = {"sampler": {"name": "a/b"}, "stratum": "random", "index": 0, "digest": "d", "forget": ["x"]}
    plugins = {"task": {"name": "a/b", "version": 1}, "target": {"id": "t"}, "method": {"name": "a/b"}}
    settings = {"budget": {}, "optimizer": {}, "evaluation": {}}
    return {"schema": 1, **plugins, "draw": draw, "curriculum": None, "seed": seed, **settings}


CELLS = {cell_key(one): one for one in map(cell, range(30))}


def start(folder, name, *more):
    script = RUNNER.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(folder), name, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})


def log(folder):
    try:
        return [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    except OSError:
        return []


def hidden(folder):
    return [path.name for path in folder.rglob(".*")]


def wait_for(condition, process):
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Three runs at once."""
    folder = tmp_path_factory.mktemp("shared")
    running = [start(folder, name) for name in "abc"]
    ended = [json.loads(process.communicate(timeout=300)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    return folder, ended


def test_each_cell_ran_once_and_all_are_there(shared):
    folder, ended = shared
    assert Counter(seed for what, _, seed in log(folder) if what == "begin") == Counter(range(30))
    assert {path.stem for path in (folder / "cells").glob("*.json")} == CELLS.keys()
    assert sum(ran for ran, *_ in ended) == 30


def test_every_run_sees_all_cells_end_and_tells_of_its_own(shared):
    folder, ended = shared
    for name, (ran, lost, there, seen, events) in zip("abc", ended, strict=True):
        mine = [seed for what, who, seed in log(folder) if what == "end" and who == name]
        assert lost == 0
        assert there + seen == 30
        assert events == [[what, seed] for seed in mine for what in ("started", "finished")]
        assert ran == len(mine)


def test_nothing_is_left_of_the_locks(shared):
    assert hidden(shared[0]) == []


@pytest.mark.parametrize("seed", range(4))
def test_one_is_killed_at_some_moment_and_the_other_ends_the_study(tmp_path, seed):
    rng = random.Random(seed)
    one, two = start(tmp_path, "a"), start(tmp_path, "b")
    after = rng.randrange(1, 10)
    wait_for(lambda: sum(who == "a" for _, who, _ in log(tmp_path)) >= after, one)
    time.sleep(rng.random() * 0.03)
    one.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM]))
    one.communicate()
    json.loads(two.communicate(timeout=300)[0])
    assert two.returncode == 0
    begun = Counter(number for what, _, number in log(tmp_path) if what == "begin")
    ended = Counter(number for what, _, number in log(tmp_path) if what == "end")
    cut = {number for number, times in begun.items() if times == 2}
    assert len(cut) <= 1, "at most the one that the dead was at"
    assert begun.keys() == set(range(30))
    assert max(ended.values()) == 1, "nothing that was done is done again"
    assert {path.stem for path in (tmp_path / "cells").glob("*.json")} == CELLS.keys()
    assert hidden(tmp_path) == []


def test_a_failed_cell_is_run_again_by_one_of_two_that_are_asked_to(tmp_path):
    for cell in CELLS.values():
        failed = {**record(cell, "old"), "status": "failed", "problems": [{"kind": "x", "message": "y"}]}
        write_record(tmp_path / "cells", failed)
    running = [start(tmp_path, name, "retry") for name in "ab"]
    ended = [json.loads(process.communicate(timeout=300)[0]) for process in running]
    assert Counter(seed for what, _, seed in log(tmp_path) if what == "begin") == Counter(range(30))
    assert sum(ran for ran, *_ in ended) == 30


class Ran:
    def __init__(self, folder, key, cell=None, **more):
        self.folder, self.key, self.cell, self.times, self.more = folder, key, cell or CELLS[key], 0, more

    def __call__(self):
        self.times += 1
        write_record(self.folder, {**record(self.cell, "me"), **self.more})
        return self.key


def test_a_job_that_is_handed_out_again_computes_nothing_twice(tmp_path):
    key = next(iter(CELLS))
    ran = Ran(tmp_path, key)
    assert [computed_once(tmp_path, key, ran) for _ in range(3)] == [key] * 3
    assert ran.times == 1
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("what", ["torn", "failed"])
def test_a_torn_or_failed_one_is_computed_again(tmp_path, what):
    key = next(iter(CELLS))
    Ran(tmp_path, key, status="failed", problems=[{"kind": "x", "message": "y"}])()
    if what == "torn":
        record_path(tmp_path, key).write_bytes(record_path(tmp_path, key).read_bytes()[:-9])
    ran = Ran(tmp_path, key)
    computed_once(tmp_path, key, ran)
    assert ran.times == 1
    assert json.loads(record_path(tmp_path, key).read_text())["status"] == "ok"


ORPHAN = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_runs_side_by_side import Ran
from fairforget.run.sharing.holds import computed_once
folder, key, status = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
ran = Ran(folder, key, status=status, problems=[] if status == "ok" else [{{"kind": "x", "message": "y"}}])
def slowly():
    print("computing", flush=True)
    time.sleep(float(sys.argv[4]))
    return ran()
computed_once(folder, key, slowly)
"""


def orphan(folder, key, status, seconds):
    script = ORPHAN.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(folder), key, status, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "computing\n"
    return process


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_a_job_waits_for_one_that_a_dead_run_has_left_and_takes_its_record(tmp_path, status):
    key = next(iter(CELLS))
    other, ran = orphan(tmp_path, key, status, 0.3), Ran(tmp_path, key)
    assert computed_once(tmp_path, key, ran) == key
    assert ran.times == 0
    other.communicate()


def test_it_computes_the_cell_where_that_one_dies(tmp_path):
    key = next(iter(CELLS))
    other, ran = orphan(tmp_path, key, "ok", 60), Ran(tmp_path, key)
    other.kill()
    other.communicate()
    assert computed_once(tmp_path, key, ran) == key
    assert ran.times == 1


def test_locks_of_the_dead_are_removed(tmp_path):
    key = next(iter(CELLS))
    other = orphan(tmp_path, key, "ok", 60)
    other.kill()
    other.communicate()
    assert hidden(tmp_path) == [f".{key}.work"]
    with Holds(tmp_path) as holds:
        assert holds.take(key)
        assert sorted(hidden(tmp_path)) == [f".{key}.order", f".{key}.work"]
    assert hidden(tmp_path) == []
