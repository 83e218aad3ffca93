from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from fairforget import FairforgetError
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import load_target, make_target
from fairforget.run.targets.target_folder import intact, lock_path
from fairforget.store.lock import held_by
from fairforget_tasks.biographies import Biographies

QUICK = {
    "people": 4, "retain_people": 1, "holdout_people": 1, "samples": 1, "world_facts": 0, "frequencies": (1,),
    "distributions": ("in",), "lengths": ("short",), "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 2,
}  # fmt: skip

MAKER = """
import sys, time
from pathlib import Path
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import make_target
from fairforget_tasks.biographies import Biographies
task = Biographies(**{options})
corpus, recipe = task.corpus(), task.target()
def told(progress):
    print("training", flush=True)
    time.sleep(float(sys.argv[2]))
print(make_target(target_identity(recipe, corpus, 0), recipe, corpus, Path(sys.argv[1]), seed=0, progress=told))
"""


@pytest.fixture(scope="module")
def made():
    task = Biographies(**QUICK)
    corpus, recipe = task.corpus(), task.target()
    return target_identity(recipe, corpus, 0), recipe, corpus


def make(made, cache, **options):
    return make_target(*made, cache, seed=0, **options)


def start(cache, pause):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MAKER.format(options=QUICK), str(cache), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def leftovers(cache):
    return [f.name for f in (cache / "targets").iterdir() if f.name.endswith(".part")]


@pytest.mark.parametrize("name", ["model.safetensors", "meta.json", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("spoil", ["cut", "flip", "gone", "more"])
def test_a_torn_folder_is_made_again(made, tmp_path, name, spoil):
    folder = make(made, tmp_path)
    whole = {f.name: f.read_bytes() for f in folder.iterdir()}
    file = folder / name
    if spoil == "cut":
        file.write_bytes(whole[name][: len(whole[name]) // 2])
    elif spoil == "flip":
        file.write_bytes(whole[name][:-9] + bytes([whole[name][-9] ^ 1]) + whole[name][-8:])
    elif spoil == "more":
        (folder / "more.json").write_text("{}")
    else:
        file.unlink()
    if name == "meta.json" and spoil == "flip":
        file.write_text(whole[name].decode().replace('"schema": 1', '"schema": 99'))
    assert not intact(folder)
    assert make(made, tmp_path) == folder
    assert intact(folder)
    # Weights to the byte; meta.json tells the seconds of this training.
    assert (folder / "model.safetensors").read_bytes() == whole["model.safetensors"]
    assert sorted(f.name for f in folder.iterdir()) == sorted(whole)


def test_a_folder_that_is_no_target_does_not_load(made, tmp_path):
    with pytest.raises(FairforgetError, match="is not a whole target; remove the folder"):
        load_target(tmp_path, made[1])


def test_an_interrupted_training_leaves_nothing_half_made(made, tmp_path):
    def interrupt(progress):
        if progress.update == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(made, tmp_path, progress=interrupt)
    assert not leftovers(tmp_path)
    assert not list((tmp_path / "targets").glob("[!.]*"))
    assert intact(make(made, tmp_path))


def test_a_killed_maker_is_no_obstacle(made, tmp_path):
    process = start(tmp_path, pause=60)
    assert process.stdout.readline() == "training\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert leftovers(tmp_path)
    assert intact(make(made, tmp_path))
    assert not leftovers(tmp_path)


def test_who_comes_second_waits_and_takes_what_was_made(made, tmp_path):
    process = start(tmp_path, pause=0.4)
    assert process.stdout.readline() == "training\n"

    def never(_):
        pytest.fail("trained beside the other")

    before = time.monotonic()
    folder = make(made, tmp_path, progress=never)
    assert time.monotonic() - before > 0.2
    rest, _ = process.communicate(timeout=30)
    assert Path(rest.split()[-1]) == folder
    assert process.returncode == 0


def test_who_waits_makes_it_where_the_maker_dies(made, tmp_path):
    process = start(tmp_path, pause=60)
    assert process.stdout.readline() == "training\n"
    assert held_by(lock_path(tmp_path / "targets" / made[0]["id"])).startswith(f"process {process.pid} on ")
    timer, seen = threading.Timer(0.3, process.kill), []
    timer.start()
    folder = make(made, tmp_path, progress=seen.append)
    assert process.wait(30) == -signal.SIGKILL
    process.stdout.close()
    assert intact(folder)
    assert len(seen) == 2, "trained here"
    assert not leftovers(tmp_path)
    assert held_by(lock_path(folder)) is None


def test_without_locks_two_that_make_it_at_once_both_have_it(made, tmp_path, monkeypatch):
    """The file system has none: it is made twice, and nothing of one maker is taken for what a dead one has left."""

    def missing(handle, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)

    def meanwhile(progress):
        if progress.update == 1:
            folders.append(make(made, tmp_path))

    folders: list[Path] = []
    folders.append(make(made, tmp_path, progress=meanwhile))
    assert folders[0] == folders[1]
    assert intact(folders[0])
    assert not leftovers(tmp_path)


def test_a_cache_that_cannot_be_written_says_the_mend(made, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FairforgetError, match=r"cannot be written: Not a directory; .*FAIRFORGET_CACHE"):
        make(made, tmp_path / "file" / "cache")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_cache_says_the_mend_and_still_gives_what_it_has(made, tmp_path):
    folder = make(made, tmp_path)
    for place in (tmp_path / "targets", tmp_path):
        place.chmod(0o500)
    try:
        assert make(made, tmp_path) == folder
        with pytest.raises(FairforgetError, match=r"Permission denied; .*FAIRFORGET_CACHE"):
            make(made, tmp_path, without=[made[2].pool[0].id])
    finally:
        for place in (tmp_path, tmp_path / "targets"):
            place.chmod(0o700)


def test_a_whole_target_needs_no_lock(made, tmp_path, monkeypatch):
    folder = make(made, tmp_path)

    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("fairforget.store.lock.try_lock", denied)
    assert make(made, tmp_path) == folder
    with pytest.raises(FairforgetError, match=r"Permission denied; .*FAIRFORGET_CACHE"):
        make(made, tmp_path, without=[made[2].pool[0].id])


def test_a_full_disk_says_the_mend_and_leaves_nothing(made, tmp_path, monkeypatch):
    def full(self, folder):
        (Path(folder) / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("transformers.PreTrainedModel.save_pretrained", full)
        with pytest.raises(FairforgetError, match="No space left on device; free space"):
            make(made, tmp_path)
    assert not leftovers(tmp_path)
    assert not list((tmp_path / "targets").glob("[!.]*"))
    assert intact(make(made, tmp_path))


def test_meta_says_what_was_made(made, tmp_path):
    meta = json.loads((make(made, tmp_path) / "meta.json").read_text())
    assert meta["id"] == made[0]["id"]
    assert meta["identity"] == made[0]
    assert meta["training"]["updates"] == 2
    assert meta["training"]["seconds"] > 0
    assert meta["versions"]["torch"] == torch.__version__
    assert meta["training"]["threads"] == 1
    assert 0 <= meta["recall"]["learnt"] <= 1
