"""Nobody takes part under the name of another, or in the place of what is published."""

from __future__ import annotations

import copy
import json
import shutil

from fairforget.cli import main
from fairforget.study.cell import cell_key

from .edits import snapshot


def test_nobody_takes_part_under_a_folder_of_another_name(attack):
    code, said = attack(folder="biographies-v1/t/acme__star")
    assert code == 1
    assert "lies in the wrong folder; its place is results/biographies-v1/" in said


def test_a_file_does_not_pass_for_a_distribution(attack, published, study, run, tmp_path, capsys):
    def of_acme(version):
        def edit(record):
            record["cell"]["method"] |= {"name": "acme/star", "dist_version": version}
            record["environment"]["distributions"]["acme"] = {"version": "2.0"}
            record["key"] = cell_key(record["cell"])

        return edit

    theirs = [copy.deepcopy(r) for r in study(methods={"grad-diff": (0.7, 0.7)})]
    theirs = [r for r in theirs if r["cell"]["method"]["label"] == "grad-diff"]
    mine = copy.deepcopy(theirs)
    for record in theirs:
        of_acme("2.0")(record)
    assert main(["submit", str(run(theirs, "theirs")), "--to", str(published)]) == 0
    shutil.rmtree(tmp_path / "base")
    shutil.copytree(published, tmp_path / "base")
    file = f"sha256:{'0' * 12}"
    reason = "made by a file that calls itself acme, as a published distribution does"
    for record in mine:
        of_acme(file)(record)
    capsys.readouterr()
    assert main(["submit", str(run(mine, "mine")), "--to", str(published)]) == 1
    assert reason in capsys.readouterr().err
    assert snapshot(published).keys() == {
        name.replace("/base/", "/leaderboards/") for name in snapshot(tmp_path / "base")
    }
    code, said = attack(of_acme(file))
    assert code == 1
    assert reason in said


def test_a_key_is_used_once(attack, published):
    """The same cell with other scores changes what is published in its own place, and has no place elsewhere."""
    path = next(p for p in sorted((published / "results").rglob("*.json")) if p.parent.name == "fairforget__npo")
    record = json.loads(path.read_text())
    for name in record["scores"]:
        record["scores"][name]["value"] = 1.0
    beside = path.parent.parent / "fairforget__grad-diff" / path.name
    beside.parent.mkdir(exist_ok=True)
    beside.write_text(json.dumps(record))
    code, said = attack.check()
    assert code == 1
    assert "lies in the wrong folder" in said
    beside.unlink()
    path.write_text(json.dumps(record))
    code, said = attack.check()
    assert code == 1
    assert "changed; what is published stays as it is" in said
