"""How far the training of a target is, seen by others."""

from __future__ import annotations

import json

import pytest

from fairforget.run.targets import target as targets
from fairforget.run.targets.target_folder import lock, lock_path
from fairforget.run.targets.told import looking, telling
from fairforget.run.targets.training import TrainingProgress
from fairforget.run.watcher import Seen
from fairforget.verbs import score

QUICK = {
    "people": 4, "retain_people": 1, "holdout_people": 1, "samples": 1, "world_facts": 0, "frequencies": [1],
    "distributions": ["in"], "lengths": ["short"], "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 2,
}  # fmt: skip


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def at(update, remaining=None):
    return TrainingProgress(update, 40, 2.5, 1.0, remaining)


def test_it_is_told_now_and_then_and_only_while_it_goes_on(tmp_path):
    folder, clock = tmp_path / "targets" / "t", Clock()
    look = looking(folder)
    assert look() is None, "nobody makes it"
    with lock(folder):
        tell = telling(folder, clock)
        assert look() is None
        tell(at(1))
        assert look() is None, "five seconds have not passed"
        clock.now = 5.0
        tell(at(7, 60.0))
        assert look() == Seen(7, 40, "updates", 60.0)
        clock.now = 9.0
        tell(at(8, 50.0))
        assert look() == Seen(7, 40, "updates", 60.0)
        clock.now = 10.0
        tell(at(40, None))
        assert look() == Seen(40, 40, "updates", None)
    assert look() is None, "what its maker said last is still there"
    assert json.loads(lock_path(folder).read_bytes())["update"] == 40
    with lock(folder):
        assert look() is None, "and is not the next one's"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"update": true, "updates": 3}', b'{"update": 9, "updates": 3}', b'{"update": -1, "updates": 3}'],
)
def test_what_nobody_trains_has_no_progress(tmp_path, content):
    folder = tmp_path / "targets" / "t"
    with lock(folder):
        lock_path(folder).write_bytes(content)
        assert looking(folder)() is None


@pytest.mark.parametrize("left", ["null", '"x"', "-1", "1e999", "true"])
def test_a_time_that_is_none_is_not_known(tmp_path, left):
    folder = tmp_path / "targets" / "t"
    with lock(folder):
        lock_path(folder).write_text(f'{{"update": 1, "updates": 3, "remaining": {left}}}')
        seen = looking(folder)()
        assert seen == Seen(1, 3, "updates", None)


def test_a_training_is_told_from_its_first_update_to_its_last(tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path))
    monkeypatch.setattr("fairforget.run.targets.told._EVERY", 0.0)
    seen = []

    def heard(folder):
        tell, look = telling(folder), looking(folder)

        def progress(training):
            tell(training)
            seen.append((training.update, look()))

        return progress

    monkeypatch.setattr(targets, "telling", heard)
    score("biographies", "loss", settings=[f"task.{key}={json.dumps(value)}" for key, value in QUICK.items()])
    assert seen
    assert [update for update, _ in seen] == list(range(1, seen[-1][0] + 1))
    assert all((look.done, look.what) == (update, "updates") for update, look in seen)
    assert {look.total for _, look in seen} == {seen[-1][0]}
