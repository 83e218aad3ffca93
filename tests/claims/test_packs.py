"""Packed evidence: byte for byte what lay in the folders, judged alike, and safe to open."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.claims.outcome_file import read_outcomes
from fairforget.claims.packs import pack_file
from fairforget.claims.packs.folders import laid_out, pack, unpack
from fairforget.claims.packs.pack_file import Pack, PackUnusable, is_packed, is_place, pack_bytes, read_pack
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.write import write_report
from fairforget.claims.run import judge_claims, run_claims
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.run.watcher import Silent

KEYS = [f"{i:024x}" for i in range(4)]
FILES = {f"cells/{key}.json": f'{{"schema":1,"key":"{key}"}}\n'.encode() for key in KEYS}
PACK = Pack("by-hand", "one", {"plan.json": b"{}\n", **FILES, f"scores/{KEYS[0]}.json": b"\xff no JSON"})


def evidence(folder):
    """Return by path what judging may read."""
    paths = (path for path in folder.glob("*/*/**/*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if is_packed(name.split("/", 2)[2])}


@pytest.fixture
def copied(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    return planned, tmp_path / "out"


@pytest.fixture
def packs(copied, tmp_path):
    pack(copied[1], tmp_path / "packs")
    return tmp_path / "packs"


@pytest.fixture
def forged(tmp_path):
    """Write a pack of a head and contents, compressed as given, and return its path."""
    path = tmp_path / "by-hand" / "one.pack.xz"
    path.parent.mkdir()

    def write(content=b"", head=None, compressed=lzma.compress, **changes):
        whole = {
            "kind": "fairforget claims pack",
            "schema": 1,
            "study": "by-hand",
            "site": "one",
            "files": [["plan.json", len(content)]],
            "sha256": hashlib.sha256(content).hexdigest(),
            **changes,
        }
        line = json.dumps(whole).encode() if head is None else head
        path.write_bytes(compressed(line + b"\n" + content))
        return path

    return write


def test_claims_are_judged_and_told_from_packs_as_from_folders(copied, packs, world, tmp_path):
    planned, out = copied
    known = world.registry()
    written = []
    for name, where in (("from-folders", out), ("from-packs", packs)):
        to = tmp_path / name
        outcomes = judge_claims([planned], to, watcher=Silent(), whole=True, evidence=where)
        write_report(report(told(outcomes, known), known), to)
        written.append({path.name: path.read_bytes() for path in to.iterdir()})
    assert written[0].keys() == {"claims.json", "claims.html", "claims.md"}
    assert written[0] == written[1]
    (outcome,) = outcomes
    assert (outcome.cost.cells, outcome.cost.missing) == (24, 0)
    assert outcome.judged.effect.known
    assert not (out / "claims.json").exists(), "evidence is only read"
    assert sorted(path.name for path in packs.rglob("*") if path.is_file()) == ["one.pack.xz", "two.pack.xz"]


def test_what_is_missing_or_damaged_in_the_folder_is_so_in_the_pack(copied, tmp_path):
    planned, out = copied
    cells = sorted(out.glob("*/one/cells/*.json"))
    cells[0].unlink()
    cells[1].write_bytes(cells[1].read_bytes()[:-40])
    min(out.glob("*/two/scores/*.json")).write_text("{")
    pack(out, tmp_path / "packs")
    found = [judge_claims([planned], tmp_path, watcher=Silent(), evidence=e) for e in (out, tmp_path / "packs")]
    assert found[0] == found[1]
    notes = " ".join(found[1][0].notes)
    assert "2 of 12 cells are missing" in notes
    assert f"{cells[1].name} is not used: not JSON" in notes
    assert "is torn" in notes


def test_a_pack_that_is_elsewhere_lays_the_same_files_and_a_run_goes_on_there(copied, packs, world, tmp_path):
    planned, out = copied
    moved = packs.rename(tmp_path / "moved")
    laid = unpack(moved, tmp_path / "laid")
    assert laid == (tmp_path / "laid" / "by-hand" / "one", tmp_path / "laid" / "by-hand" / "two")
    assert evidence(tmp_path / "laid") == evidence(out)
    assert len(evidence(out)) == 24 + 2 * 3 + 2
    assert not list((tmp_path / "laid").rglob(".*"))
    with pytest.raises(FairforgetError, match="is there already"):
        unpack(moved, tmp_path / "laid")
    assert run_claims([planned], world.registry(), tmp_path / "laid", watcher=Silent()).ran == 0


def test_the_same_files_give_the_same_bytes_whenever_and_in_whatever_order_they_were_written(copied, packs, tmp_path):
    _, out = copied
    again = tmp_path / "again"
    for name, content in reversed(evidence(out).items()):
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_bytes(content)
        os.utime(again / name, (1, 1))
    (again / "by-hand" / "one" / "board.md").write_text("not packed")
    pack(again, tmp_path / "packs-again")
    for path in packs.rglob("*.xz"):
        assert (tmp_path / "packs-again" / path.relative_to(packs)).read_bytes() == path.read_bytes()


def test_the_form_is_as_it_is_described(copied, packs):
    """Read by nothing of ours."""
    _, out = copied
    with lzma.open(packs / "by-hand" / "one.pack.xz") as file:
        head = json.loads(file.readline())
        contents = file.read()
    assert head["sha256"] == hashlib.sha256(contents).hexdigest()
    here = 0
    for name, size in head["files"]:
        assert contents[here : here + size] == (out / "by-hand" / "one" / name).read_bytes()
        here += size
    assert here == len(contents)


def test_records_that_are_alike_take_a_tenth(copied, packs):
    _, out = copied
    packed = sum(path.stat().st_size for path in packs.rglob("*.xz"))
    assert packed < 0.1 * sum(map(len, evidence(out).values()))


@pytest.fixture(scope="module")
def whole():
    return pack_bytes(PACK)


def test_a_pack_is_read_back(tmp_path, whole):
    path = tmp_path / "by-hand" / "one.pack.xz"
    path.parent.mkdir()
    path.write_bytes(whole)
    assert read_pack(path) == PACK


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_damage_is_noticed(tmp_path_factory, whole, data):
    at = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(("flipped", "cut", "longer")))
    other = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    damaged = {"flipped": whole[:at] + other + whole[at + 1 :], "cut": whole[:at], "longer": whole + other}[how]
    path = tmp_path_factory.mktemp("damage") / "by-hand" / "one.pack.xz"
    path.parent.mkdir()
    path.write_bytes(damaged)
    with pytest.raises(PackUnusable, match=r"one\.pack\.xz"):
        read_pack(path)


@pytest.mark.parametrize(
    "name",
    [
        "../plan.json",
        "/etc/passwd",
        f"cells/../../{KEYS[0]}.json",
        f"cells/{KEYS[0]}.json\n",
        f"cells/{KEYS[0]}.json/x",
        f"cells\\{KEYS[0]}.json",
        "cells/x.json",
        "claims.json",
        ".lock",
        "",
        7,
        None,
    ],
)
def test_no_path_leaves_its_folder(forged, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    path = forged(b"abc", files=[[name, 3]])
    with pytest.raises(PackUnusable, match=r"none of a run|no name and size"):
        unpack(path.parents[1], tmp_path / "laid")
    assert set(tmp_path.rglob("*")) - before == {path}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "fairforget board"}, "does not say"),
        ({"schema": 2}, "has the schema '2'"),
        ({"schema": True}, "has the schema 'True'"),
        ({"more": 1}, "other keys"),
        ({"study": "another"}, "is a pack of another/one; call it so"),
        ({"site": "two"}, "is a pack of by-hand/two; call it so"),
        ({"site": ["one"]}, "call it so"),
        ({"files": {}}, "no list"),
        ({"files": ["plan.json"]}, "no name and size"),
        ({"files": [["plan.json", -1]]}, "no name and size"),
        ({"files": [["plan.json", True]]}, "no name and size"),
        ({"files": [["plan.json", 3.0]]}, "no name and size"),
        ({"files": [["plan.json", 1], ["plan.json", 2]]}, r"names plan\.json twice"),
        ({"files": [["plan.json", 2]]}, "holds 3 bytes and names 2"),
        ({"files": [["plan.json", 10**200]]}, "holds 3 bytes and names"),
        ({"sha256": "0" * 64}, "was changed after it was made"),
        ({"sha256": None}, "was changed after it was made"),
        ({"head": b"[]"}, "does not say"),
        ({"head": b"{"}, "is no pack"),
        ({"head": b'{"kind": NaN}'}, "is no pack"),
        ({"head": b"[" * 100_000}, "is no pack"),
        ({"compressed": lambda whole: whole}, "is damaged, or no pack"),
        ({"compressed": lambda whole: b""}, "is torn"),
        ({"compressed": lambda whole: lzma.compress(whole, format=lzma.FORMAT_ALONE)}, "is damaged, or no pack"),
    ],
)
def test_a_forged_pack_is_refused_with_the_reason(forged, changes, why):
    path = forged(b"abc", **changes)
    with pytest.raises(PackUnusable, match=why):
        read_pack(path)


def test_an_unchanged_forgery_is_a_pack(forged):
    """So that the refusals above are for what was changed."""
    assert read_pack(forged(b"abc")).files == {"plan.json": b"abc"}


def test_what_unpacks_to_more_than_a_pack_has_is_refused_before_it_is_unpacked(forged, monkeypatch):
    monkeypatch.setattr(pack_file, "MOST_UNPACKED", 1 << 20)
    bomb = forged(bytes(4 << 20))
    assert bomb.stat().st_size < 4_000
    with pytest.raises(PackUnusable, match="unpacks to more than 1 MiB"):
        read_pack(bomb)
    with pytest.raises(PackUnusable, match="is too large for one pack"):
        pack_bytes(Pack("s", "t", {"plan.json": bytes(4 << 20)}))


def test_what_asks_for_a_large_dictionary_is_refused(forged):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    path = forged(b"abc", compressed=lambda whole: lzma.compress(whole, filters=filters))
    with pytest.raises(PackUnusable, match=r"[Mm]emory"):
        read_pack(path)


def test_too_many_files_and_too_large_a_file_are_refused(forged, monkeypatch):
    monkeypatch.setattr(pack_file, "MOST_FILES", 1)
    path = forged(files=[["plan.json", 0], [f"cells/{KEYS[0]}.json", 0]])
    with pytest.raises(PackUnusable, match="no list of at most 1"):
        read_pack(path)
    monkeypatch.setattr(pack_file, "MOST_PACKED", 10)
    with pytest.raises(PackUnusable, match="is larger than"):
        read_pack(path)


def test_a_pipe_and_a_link_are_no_packs(packs, tmp_path):
    os.mkfifo(packs / "by-hand" / "three.pack.xz")
    with pytest.raises(PackUnusable, match="regular"):
        unpack(packs, tmp_path / "laid")
    (packs / "by-hand" / "three.pack.xz").unlink()
    (packs / "by-hand" / "three.pack.xz").symlink_to(packs / "by-hand" / "one.pack.xz")
    assert len(unpack(packs, tmp_path / "other")) == 2


@pytest.mark.parametrize("where", ["cells", f"cells/{KEYS[0]}.json", "plan.json"])
def test_links_are_not_packed(copied, tmp_path, where):
    _, out = copied
    path = out / "by-hand" / "one" / where
    if path.exists():
        path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(FairforgetError, match=rf"{where} is a link"):
        pack(out, tmp_path / "packs")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "A", "a..b", "-a", "a-", "ä", "a\n", "x" * 201])
def test_names_that_no_study_has_are_no_places(name):
    assert not is_place(name)
    assert is_place("claims-sets")
    assert is_place("small-0.frequency_2")


def test_a_study_that_is_there_twice_is_told(copied, packs, world):
    planned, out = copied
    shutil.copytree(out / "by-hand" / "two", packs / "by-hand" / "two")
    with pytest.raises(FairforgetError, match=r"holds two\.pack\.xz and two/, which may differ"):
        judge_claims([planned], packs, watcher=Silent())


def test_a_damaged_pack_ends_the_judging_and_leaves_the_outcomes_as_they_are(copied, packs, tmp_path):
    planned, _ = copied
    judge_claims([planned], tmp_path, watcher=Silent(), evidence=packs)
    before = (tmp_path / "claims.json").read_bytes()
    path = packs / "by-hand" / "two.pack.xz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(PackUnusable, match=r"two\.pack\.xz is torn"):
        judge_claims([planned], tmp_path, watcher=Silent(), evidence=packs)
    assert (tmp_path / "claims.json").read_bytes() == before


def test_only_the_studies_that_are_asked_for_are_laid_out_and_nothing_stays(packs):
    shutil.copytree(packs / "by-hand", packs / "other")  # whose packs are refused if they are read
    with laid_out(packs, ["by-hand"]) as folder:
        assert [path.name for path in folder.iterdir()] == ["by-hand"]
    assert not folder.exists()


def test_nothing_runs_where_packs_lie(copied, packs, world):
    planned, _ = copied
    with pytest.raises(FairforgetError, match="claims unpack"):
        run_claims([planned], world.registry(), packs, watcher=Silent())


def test_the_commands(copied, packs, tmp_path, capsys):
    _, out = copied
    assert main(["claims", "pack", str(out), str(tmp_path / "new")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["pack", "records", "score", "sets", "bytes", "packed"]
    assert said[1].split()[1:3] == ["12", "3"]
    assert said[3].split()[:3] == ["all", "24", "6"]
    assert int(said[3].split()[3].replace(",", "")) == sum(map(len, evidence(out).values()))
    assert main(["claims", "unpack", str(packs), str(tmp_path / "laid")]) == 0
    assert str(Path("by-hand", "one")) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["pack", "nowhere", "packs"], "cannot read nowhere"),
        (["pack", "empty", "packs"], "nothing to pack in empty"),
        (["pack", "out", "out"], "packs lie apart"),
        (["pack", "packs", "more"], "packs holds packs already"),
        (["unpack", "nowhere", "laid"], "there is no pack in nowhere"),
        (["unpack", "out", "laid"], "there is no pack in out"),
        (["run", "c1", "--evidence", "packs"], "goes with --judge-only"),
        (["run", "c1", "--judge-only", "--evidence", "nowhere"], "there is no folder nowhere"),
    ],
)
def test_wrong_input_is_exit_code_2_with_the_mend(packs, tmp_path, monkeypatch, capsys, arguments, why):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["claims", *arguments]) == 2
    assert why in capsys.readouterr().err


def test_what_the_page_says_of_packs(copied, world, tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "test-a-claim.md").read_text()
    section = page.partition("## Hand on the evidence")[2].partition("## ")[0]
    commands = re.findall(r"^\$ fairforget (.*)$", section, re.MULTILINE)
    assert len(commands) == 2
    _, out = copied
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    out.rename("runs/claims")
    Path("easy-first.yaml").write_text(json.dumps(claim_file(world.STUDY)))
    plugin = ["--plugin", str(world.PLUGIN)]
    assert main(shlex.split(commands[0])) == 0
    assert main([*shlex.split(commands[1]), *plugin]) == 0
    assert main(["claims", "run", "easy-first.yaml", "--judge-only", *plugin]) == 0
    assert Path("judged", "claims.json").read_bytes() == Path("runs", "claims", "claims.json").read_bytes()
    (outcome,) = read_outcomes(Path("judged"))
    assert (outcome.cost.cells, outcome.cost.missing) == (24, 0)


def claim_file(study):
    return {
        "title": "Ascent forgets",
        "statement": "Two updates of gradient ascent raise completeness.",
        "family": "forgotten",
        "source": {"paper": "a test", "where": "here"},
        "study": study,
        "targets": {"one": {}, "two": {"set": {"model.seed": 1}}},
        "statistic": {
            "name": "paired-difference",
            "first": {"method": "fragile"},
            "second": {"method": "untouched"},
            "of": "completeness",
        },
        "expect": {"above": 0.0, "because": "no forgetting is no change"},
        "assumed": {"effect": 0.02, "spread": 0.02, "because": "a guess"},
        "would_change": "More draws.",
        "means": {"supported": "It forgets.", "contradicted": "It does not.", "undecided": "Who knows."},
    }
