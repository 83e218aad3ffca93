"""Score sets as files."""

from __future__ import annotations

import json
import shutil

import pytest

from fairforget.api import Corpus, Sample
from fairforget.claims.evidence import read_site
from fairforget.claims.score_files import ScoresUnusable, read_scores, score_path
from fairforget.claims.scoring import groups_of, make_scores
from fairforget.claims.sets import sets_of
from fairforget.paths import cache_folder
from fairforget.run.watcher import Silent
from fairforget.verbs import score


@pytest.fixture
def copied(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    return planned, tmp_path / "out"


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_scores_are_those_of_fairforget_score(by_hand, world):
    planned, out, _ = by_hand
    settings = ["by.draws=4", "model.seed=1"]
    for seed in (0, 1):
        frame = score("small", "mrd-monte-carlo", settings=settings, seed=seed, plugins=[world.PLUGIN])
        found = read_scores(planned.sites[1].folder(out), planned.sites[1].scores[1 + seed])
        assert found.scores.ids == tuple(frame["sample"])
        assert found.scores.values == tuple(frame["score"])
        assert found.scores.stderr == tuple(frame["stderr"])
        assert found.scores.details == frame.attrs["details"]
        assert found.scores.seed == seed
        assert found.scores.difficulty["options"]["draws"] == 4
        assert found.origin["target"] == frame.attrs["identity"]["target"]


def test_evidence_has_them_in_the_order_of_the_claim(by_hand):
    planned, out, _ = by_hand
    found = read_site(planned.sites[0], out)
    assert [(s.difficulty["name"], s.seed) for s in found.part.scores] == [
        ("fairforget/length", 0),
        ("fairforget/mrd-monte-carlo", 0),
        ("fairforget/mrd-monte-carlo", 1),
    ]
    lengths, first, second = (dict(zip(s.ids, s.values, strict=True)) for s in found.part.scores)
    assert lengths.keys() == first.keys() == {f"person-{i}" for i in range(7)}
    assert first != second, "another seed is another draw"


def made(planned, world, out, watcher):
    """Make what is missing; return the files that were written."""

    def written():
        return {path: path.stat().st_mtime_ns for path in out.glob("*/*/scores/*.json")}

    before, sets, failed = written(), sets_of([planned]), []
    done = make_scores(sets, world.registry(), out, cache_folder(), watcher, lambda *why: failed.append(why))
    assert (done, failed) == (len(sets), [])
    return [path for path, when in written().items() if before.get(path) != when]


def test_what_is_there_is_not_made_again(copied, world):
    planned, out = copied
    assert made(planned, world, out, Silent()) == []


@pytest.mark.parametrize("damage", ["missing", "torn", "edited", "other version"])
def test_what_is_not_sound_is_told_and_made_again_with_the_same_scores(copied, world, damage):
    planned, out = copied
    site = planned.sites[0]
    wanted = site.scores[1]
    path = score_path(site.folder(out), wanted)
    before = read_scores(site.folder(out), wanted).scores
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "edited":
        path.write_text(path.read_text().replace('"seed":0', '"seed":3'))
    else:
        rewrite(path, lambda found: found["origin"].update(dist_version="0"))
    found = read_site(site, out)
    assert len(found.part.scores) == (3 if damage == "other version" else 2)
    assert len(found.notes) == (0 if damage == "other version" else 1)
    watcher = Notes()
    assert made(planned, world, out, watcher) == [path]
    assert len([note for note in watcher.notes if "made again" in note]) == (damage in {"torn", "edited"})
    assert read_scores(site.folder(out), wanted).scores == before


def rewrite(path, change):
    from fairforget.api.sample import digest_of

    found = json.loads(path.read_bytes())
    del found["sha256"]
    change(found)
    path.write_text(json.dumps({**found, "sha256": digest_of(found)}))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda f: f.update(schema=2), "schema"),
        (lambda f: f["values"].pop(), "6 scores"),
        (lambda f: f["values"].__setitem__(0, "x"), "no number"),
        (lambda f: f["values"].__setitem__(0, True), "no number"),
        (lambda f: f["ids"].__setitem__(0, f["ids"][1]), "different texts"),
        (lambda f: f["groups"].append("a"), "7 ids"),
        (lambda f: f.pop("ledger"), "ledger"),
        (lambda f: f.update(details=[]), "wrong type"),
        (lambda f: f.update(ids=3), "no file of scores"),
        (lambda f: f["difficulty"].update(name="tests/other"), "another difficulty"),
        (lambda f: f["difficulty"]["options"].update(draws=5), "another difficulty"),
    ],
)
def test_a_hostile_file_with_a_good_checksum_is_refused(copied, change, why):
    planned, out = copied
    site = planned.sites[0]
    rewrite(score_path(site.folder(out), site.scores[1]), change)
    with pytest.raises(ScoresUnusable, match=why):
        read_scores(site.folder(out), site.scores[1])
    assert len(read_site(site, out).part.scores) == 2


def test_a_lone_surrogate_is_no_crash(copied):
    planned, out = copied
    site = planned.sites[0]
    path = score_path(site.folder(out), site.scores[1])
    path.write_text(path.read_text().replace('"person-0"', '"\\ud800"'))
    with pytest.raises(ScoresUnusable, match="no file of scores"):
        read_scores(site.folder(out), site.scores[1])


def test_a_link_out_of_the_folder_is_not_followed(copied, tmp_path):
    planned, out = copied
    site = planned.sites[0]
    path = score_path(site.folder(out), site.scores[1])
    path.rename(tmp_path / "stolen.json")
    path.symlink_to(tmp_path / "stolen.json")
    with pytest.raises(ScoresUnusable, match="leads out"):
        read_scores(site.folder(out), site.scores[1])


def test_score_sets_of_two_target_models_are_told(copied):
    planned, out = copied
    site = planned.sites[0]
    rewrite(score_path(site.folder(out), site.scores[1]), lambda f: f["origin"].update(weights="f" * 64))
    assert any("2 target models" in note for note in read_site(site, out).notes)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [(("a", "a", None), ("a", "a", "s2")), ((None, None, None), ()), (("a", "b", "a"), ("a", "b", "a"))],
)
def test_groups_come_from_the_pool_and_a_sample_without_one_is_its_own(groups, expected):
    pool = tuple(Sample(f"s{i}", "", "text", group) for i, group in enumerate(groups))
    assert groups_of([sample.id for sample in pool], Corpus(pool=pool, retain=())) == expected
