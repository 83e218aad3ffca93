"""Score sets are made on the engines of their studies, several side by side, and each once."""

from __future__ import annotations

import json
import threading
import time

import pytest

from fairforget.claims.planned import plan_claim
from fairforget.claims.run import run_claims
from fairforget.claims.score_files import read_scores, score_path
from fairforget.claims.scoring import make_scores
from fairforget.claims.sets import forward_equivalents, kind_of, sets_of
from fairforget.errors import FairforgetError, MachineFault
from fairforget.registry import Registry
from fairforget.run import jobs
from fairforget.run.sharing.holds import Holds
from fairforget.run.watcher import Silent

MOODY = '''
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairforget import Entry, hookimpl
from fairforget.api import Difficulty
from fairforget.errors import FairforgetError


@hookimpl
def fairforget_difficulties():
    return [Entry("moody", ":Moody")]


@dataclass(frozen=True)
class Moody(Difficulty):
    """A number from the generator, or trouble."""

    higher_is = "harder"
    mood: str = "well"
    log: str = ""

    def score(self, model, samples, rng):
        if self.mood == "refuses":
            raise FairforgetError("not today")
        if self.mood == "crashes":
            raise ValueError("a bug")
        if self.mood == "dies":
            os._exit(9)
        if self.mood == "waits":
            end = time.monotonic() + 60
            while not Path(self.log).exists():
                if time.monotonic() > end:
                    raise FairforgetError("nobody came")
                time.sleep(0.01)
            return rng.random(len(samples))
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{os.getpid()}\\n")
        return rng.random(len(samples))
'''


class Told(Silent):
    def __init__(self):
        self.stages, self.notes, self.parts, self.looks = [], [], [], []

    def stage(self, text, look=None):
        self.stages.append(text)
        if look is not None and text.startswith("scoring: "):
            self.looks.append(look())

    def note(self, text):
        self.notes.append(text)

    def part(self, text, whole, later, known):
        self.parts.append((text, whole, later, known))


@pytest.fixture
def registry(world, tmp_path):
    plugin = tmp_path / "moody.py"
    plugin.write_text(MOODY)
    return Registry.discover([world.PLUGIN, plugin])


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def scored(world, registry, *scores, engine="inline", name="tests/scored", targets=("one",)):
    sites = tuple(world.site(target, engine=engine, model={"seed": i}) for i, target in enumerate(targets))
    return plan_claim(world.claim(name, sites=sites, scores=scores, cells=False), registry)


def make(claims, registry, out, cache, watcher=None):
    """Make the sets of claims; return how many are there, and what could not be made."""
    failed = []
    sets = sets_of(claims)
    done = make_scores(
        sets, registry, out, cache, watcher or Silent(), lambda site, error: failed.append((site.site.name, str(error)))
    )
    return done, failed


def files(out):
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.glob("*/*/scores/*.json"))}


def without_seconds(found):
    """Return what files of scores hold less the seconds, and less the checksum that counts them."""
    plain = {}
    for path, content in found.items():
        whole = json.loads(content)
        del whole["sha256"], whole["ledger"]["seconds"]
        plain[path] = json.dumps(whole)
    return plain


@pytest.mark.slow
def test_the_scores_are_the_same_bytes_whatever_the_engine_and_made_side_by_side(world, registry, tmp_path):
    log = tmp_path / "log"
    wanted = (world.scores("mrd-monte-carlo", seeds=2, draws=4), world.scores("moody", seeds=3, log=str(log)))
    found = []
    for engine in ("inline", "local:2"):
        out, cache = tmp_path / engine, tmp_path / f"cache of {engine}"
        claim = scored(world, registry, *wanted, world.scores("length"), engine=engine, targets=("one", "two"))
        assert make([claim], registry, out, cache) == (12, [])
        found.append(without_seconds(files(out)))
        # What the cache has is the same to the last byte.
        again = scored(world, registry, *wanted, world.scores("length"), targets=("one", "two"))
        assert make([again], registry, tmp_path / f"{engine} again", cache) == (12, [])
        assert files(tmp_path / f"{engine} again") == files(out)
    assert len(found[0]) == 12
    assert found[0] == found[1]
    _, *local = dict.fromkeys(log.read_text().split())
    assert len(local) == 2
    assert len(log.read_text().split()) == 12, "each was made once"


@pytest.mark.slow
def test_what_is_told_is_what_is_at_work(world, registry, tmp_path, cache):
    came = tmp_path / "came"
    wanted = (world.scores("moody", mood="waits", log=str(came)), world.scores("length"))

    class Coming(Told):
        def stage(self, text, look=None):
            super().stage(text, look)
            if len(self.looks) == 3 and text.endswith(" by moody, seed 0"):
                came.touch()

    told, claim = Coming(), scored(world, registry, *wanted, engine="local:2")
    assert make([claim], registry, tmp_path / "out", cache, told) == (2, [])
    assert [text for text in told.stages if text.startswith("scoring: ")][1].endswith(" by length, seed 0")
    last = told.looks[-1]
    assert (last.done, last.total, last.left) == (1, 2, None), "what no set of its kind has taken is not guessed"


def test_a_set_that_claims_share_is_made_once(world, registry, tmp_path, cache):
    log = tmp_path / "log"
    a = scored(world, registry, world.scores("moody", seeds=2, log=str(log)), name="tests/a")
    b = scored(world, registry, world.scores("moody", seeds=3, log=str(log)), world.scores("length"), name="tests/b")
    assert len(sets_of([a, b])) == 4
    assert make([a, b], registry, tmp_path / "out", cache)[0] == 4
    assert len(log.read_text().split()) == 3


def test_the_dearest_of_a_pool_is_first_and_pools_are_not_mixed(world, registry):
    wanted = (world.scores("length"), world.scores("mrd-monte-carlo", draws=4), world.scores("mrd-grad"))
    claim = scored(world, registry, *wanted, world.scores("moody"), targets=("one", "two"))
    sets = sets_of([claim])
    names = ["moody", "mrd-monte-carlo", "mrd-grad", "length"]
    assert [one.wanted.difficulty.entry.name for one in sets] == 2 * names
    assert [one.site.site.name for one in sets] == ["one"] * 4 + ["two"] * 4
    # Seven samples; draws and the weights as they are, forward and backward, nothing; a stranger's cannot be told.
    assert forward_equivalents(sets[:4]) == [None, 7 * 5, 7 * 3, 0]
    assert len({one.key for one in sets}) == 8
    assert len({kind_of(one) for one in sets}) == 4


def test_the_same_call_again_makes_what_is_missing(world, registry, tmp_path, cache):
    out, log = tmp_path / "out", tmp_path / "log"
    claim = scored(world, registry, world.scores("moody", seeds=3, log=str(log)))
    make([claim], registry, out, cache)
    before = files(out)
    lost, torn, _ = before
    (out / lost).unlink()
    (out / torn).write_text("{")
    told = Told()
    assert make([claim], registry, out, cache, told) == (3, [])
    assert files(out) == before
    assert [note for note in told.notes if "is torn" in note]
    assert len(told.looks) == 2
    assert (told.looks[0].done, told.looks[0].total, told.looks[0].what) == (1, 3, "score sets")
    assert len(log.read_text().split()) == 3, "the cache has them"
    assert make([claim], registry, out, cache, silent := Told()) == (3, [])
    assert silent.stages == silent.notes == []


def test_a_set_of_another_target_is_made_again(world, registry, tmp_path, cache):
    out = tmp_path / "out"
    make([scored(world, registry, world.scores("mrd-grad"))], registry, out, cache)
    before = files(out)
    other = plan_claim(
        world.claim(sites=(world.site(model={"seed": 5}),), scores=(world.scores("mrd-grad"),), cells=False), registry
    )
    assert make([other], registry, out, cache)[0] == 1
    assert files(out).keys() == before.keys()
    assert files(out) != before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "mood", "why"),
    [
        ("inline", "refuses", "not today"),
        ("inline", "crashes", "ValueError: a bug"),
        ("local:1", "dies", "the same command tries again"),
    ],
)
def test_a_set_that_cannot_be_made_ends_no_other(world, registry, tmp_path, cache, engine, mood, why):
    wanted = (world.scores("moody", mood=mood), world.scores("moody", seeds=3))
    claim = scored(world, registry, *wanted, engine=engine)
    done, failed = make([claim], registry, tmp_path / "out", cache)
    assert done == 3 == len(files(tmp_path / "out"))
    ((site, said),) = failed
    assert site == "one"
    assert said.startswith("by-hand on one by moody, seed 0 was not made: ")
    assert why in said


def test_a_run_with_a_set_that_cannot_be_made_says_so(world, registry, tmp_path):
    claim = scored(world, registry, world.scores("moody", mood="refuses"), world.scores("length"))
    ran = run_claims([claim], registry, tmp_path / "out", watcher=Silent())
    assert len(ran.stopped) == 1
    assert "not today" in ran.stopped[0]
    alone = scored(world, registry, world.scores("moody", mood="refuses"))
    with pytest.raises(FairforgetError, match="not today"):
        run_claims([alone], registry, tmp_path / "other", watcher=Silent())


def test_a_pool_that_is_not_there_ends_no_other(world, registry, tmp_path, cache, monkeypatch):
    from fairforget.claims import scoring

    real = scoring.target_identity

    def identity(recipe, corpus, seed):
        if seed == 1:
            raise FairforgetError("no such base model")
        return real(recipe, corpus, seed)

    monkeypatch.setattr(scoring, "target_identity", identity)
    claim = scored(world, registry, world.scores("length", seeds=2), targets=("one", "two"))
    assert make([claim], registry, tmp_path / "out", cache) == (2, [("two", "no such base model")])


def test_a_full_disk_ends_the_scoring_and_keeps_what_there_is(world, registry, tmp_path, cache, monkeypatch):
    claim = scored(world, registry, world.scores("moody", seeds=4))
    out = tmp_path / "out"
    real, wrote = jobs.score, []

    def full(*texts):
        if len(wrote) == 2:
            raise MachineFault("no space is left")
        wrote.append(texts)
        return real(*texts)

    monkeypatch.setattr(jobs, "score", full)
    with pytest.raises(MachineFault):
        make([claim], registry, out, cache)
    assert len(files(out)) == 2


def test_ctrl_c_keeps_what_was_made_and_the_next_call_goes_on(world, registry, tmp_path, cache, monkeypatch):
    claim = scored(world, registry, world.scores("moody", seeds=4))
    out = tmp_path / "out"
    real, wrote = jobs.score, []

    def interrupted(*texts):
        if len(wrote) == 2:
            raise KeyboardInterrupt
        wrote.append(texts)
        return real(*texts)

    monkeypatch.setattr(jobs, "score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make([claim], registry, out, cache)
    kept = files(out)
    assert len(kept) == 2
    assert not list(out.glob(".*")), "no lock stays"
    monkeypatch.undo()
    assert make([claim], registry, out, cache) == (4, [])
    assert kept.items() <= files(out).items()


def test_a_set_that_another_run_has_is_left_to_it_and_taken_where_that_ends(world, registry, tmp_path, cache):
    claim = scored(world, registry, world.scores("moody", seeds=3))
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    make([claim], registry, elsewhere, cache)
    theirs, mine, _ = sets_of([claim])
    out.mkdir()
    told, ended = Told(), []
    with Holds(out) as holds:
        assert holds.take(theirs.key)
        assert holds.take(mine.key)
        thread = threading.Thread(target=lambda: ended.append(make([claim], registry, out, cache, told)))
        thread.start()
        until = time.monotonic() + 60
        while not any(text.startswith("waiting for 2 score sets") for text in told.stages):
            assert time.monotonic() < until
            time.sleep(0.01)
        assert len(files(out)) == 1
        # One is made by its holder, of the other the holder dies.
        path = score_path(theirs.site.folder(out), theirs.wanted)
        path.write_bytes(score_path(theirs.site.folder(elsewhere), theirs.wanted).read_bytes())
        holds.free(mine.key)
        thread.join(60)
        assert ended == [(3, [])]
    assert len(files(out)) == 3
    assert sum("seed 1" in text for text in told.stages) == 1
    assert not any("seed 0" in text for text in told.stages)


@pytest.mark.slow
def test_parts_are_told_with_what_is_left(world, registry, tmp_path):
    claim = plan_claim(
        world.claim(sites=(world.site("one"), world.site("two", model={"seed": 1})), scores=(world.scores("length"),)),
        registry,
    )
    told = Told()
    run_claims([claim], registry, tmp_path / "out", watcher=told)
    assert [text for text, *_ in told.parts] == [
        "study 1 of 2: by-hand on one",
        "study 2 of 2: by-hand on two",
        "2 score sets",
    ]
    (_, *first), (_, whole, later, known), (_, *last) = told.parts
    assert first == [None, None, 0], "nothing has been measured, and scores without a model take no time"
    assert whole > later == 0, "the cells of the second target are judged by those of the first"
    assert known == 1
    assert last == [0, 0, 1]
    told.parts.clear()
    run_claims([claim], registry, tmp_path / "out", watcher=told)
    assert [rest for _, *rest in told.parts] == [[0, 0, 1]] * 3


def test_a_set_that_was_made_can_be_read_back(world, registry, tmp_path, cache):
    claim = scored(world, registry, world.scores("moody"))
    make([claim], registry, tmp_path / "out", cache)
    (one,) = sets_of([claim])
    found = read_scores(one.site.folder(tmp_path / "out"), one.wanted)
    assert len(found.scores.ids) == len(found.scores.values) == 7
    assert found.origin.keys() == {"target", "data", "weights", "dist_version"}
