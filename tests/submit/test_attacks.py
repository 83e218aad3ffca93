"""Pull requests that nobody should take: each is refused by name, with an exit code of 1 or 2 and no traceback."""

from __future__ import annotations

import copy
import json
import os
import shutil

import pytest

from fairforget.cli import main
from fairforget.study.cell import cell_key
from fairforget.study.yaml_core import to_yaml

RLO = "\u202e"
ELSEWHERE = ("../../secret", "~/secret", "/home/mal/secret", "C:\\secret", r"\\host\share", "a/../../b")


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def put(*path, value):
    def edit(record):
        part = record
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value

    return edit


def snapshot(folder):
    """Return every file below a folder, however deep it lies, with what is in it."""
    found, left = {}, [str(folder)]
    while left:
        for entry in os.scandir(left.pop()):
            if entry.is_dir(follow_symlinks=False):
                left.append(entry.path)
            else:
                found[entry.path] = entry.stat(follow_symlinks=False).st_mtime_ns
    return found


@pytest.fixture
def published(run, study, home, tmp_path):
    """Leaderboards with results, and a copy of them as they were."""
    assert main(["submit", str(run(study())), "--to", str(home)]) == 0
    shutil.copytree(home, tmp_path / "base")
    return home


@pytest.fixture
def attack(published, study, tmp_path, capsys):
    """Add a record that was edited, with a declaration of its own; returns the exit code and what is said of it."""

    def add(edit=None, *, content=None, folder=None, name=None):
        from fairforget.submit.layout import folder_of

        records = study(methods={"grad-diff": (0.7, 0.7)})
        record = copy.deepcopy(next(r for r in records if r["cell"]["method"]["label"] == "grad-diff"))
        if edit is not None:
            edit(record)
        record["key"] = cell_key(record["cell"])
        leaf = published / "results" / (folder or str(folder_of(record["cell"])))
        leaf.mkdir(parents=True, exist_ok=True)
        path = leaf / (name or f"{record['key']}.json")
        path.write_bytes(json.dumps(record).encode() if content is None else content)
        said = {
            "by": "Mal Example",
            "code": None,
            "trained_on_evaluation": False,
            "tuning": {"trials": 0, "draws": "none"},
            "cells": [record["key"]],
        }
        (leaf / f"submission-{'0' * 12}.yaml").write_text(to_yaml(said))
        return check()

    def check():
        before = snapshot(tmp_path)
        capsys.readouterr()
        code = main(["submit", "--check", str(tmp_path / "base"), "--to", str(published)])
        printed = capsys.readouterr()
        assert snapshot(tmp_path) == before
        text = printed.out + printed.err
        assert "Traceback" not in text
        assert all(c == "\n" or (c.isprintable()) for c in text), ascii(text)
        return code, printed.err

    add.check = check
    return add


def test_an_honest_record_passes(attack):
    assert attack() == (0, "")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (put("cell", "task", "version", value=2), "current"),
        (put("cell", "task", "version", value=10**200), "current"),
        (put("cell", "task", "name", value="fairforget/../../etc"), "its task cannot be looked at"),
        (put("cell", "task", "name", value="/etc/passwd"), "its task cannot be looked at"),
        (put("cell", "task", "paths", value=["people"]), "calls options of the task paths that are none: people"),
        (put("cell", "task", "paths", value=["../x"]), "calls options of the task paths that are none"),
        (put("cell", "task", "paths", value=[f"{RLO}x\x1b[2J"]), "calls options of the task paths that are none"),
        (put("cell", "task", "paths", value="people"), "the paths of a task are no list"),
        (put("cell", "task", "paths", value={"people": 1}), "the paths of a task are no list"),
        (put("cell", "method", "paths", value=["beta"]), "a method says what no cell says of one: paths"),
        (put("cell", "method", "brought", value={"made_by": "me"}), "says that its model was made elsewhere"),
        (put("cell", "method", "brought", value={}), "says that its model was made elsewhere"),
        (put("cell", "method", "name", value="fairforget/checkpoint"), "does not say what came back"),
        (put("cell", "draw", "sampler", "paths", value=["x"]), "a sampler says what no cell says of one: paths"),
        (put("cell", "curriculum", "paths", value=["x"]), "a curriculum says what no cell says of one: paths"),
        (put("cell", "method", "name", value="fairforget/best-of-all"), "there is no method fairforget/best-of-all"),
        (put("cell", "method", "name", value="grad-diff"), "does not say which distribution"),
        (put("cell", "method", "name", value="imported:grad-diff"), "does not say which distribution"),
        (put("cell", "method", "reference", value="oracle"), "calls itself the reference"),
        (put("cell", "target", "id", value="../../x"), "the id of its target is not that"),
        (put("cell", "draw", "digest", value="0" * 64), "the digest of its forget set is not that"),
        (put("tuning", value={"trials": 40}), "it says how it was tuned, and its cell does not say that it was"),
        (put("cell", "method", "tuned", value=True), "tuned, but it does not say by how many trials"),
        *((put("cell", "method", "options", "corpus", value=one), "is a path of one machine") for one in ELSEWHERE),
        (put("cell", "task", "options", "corpus", value={"a": ["../../secret"]}), "is a path of one machine"),
        (put("cell", "draw", "sampler", "options", "file", value="/home/mal/secret"), "is a path of one machine"),
        (put("cell", "method", "options", "easy", value=1), "the method fairforget/grad-diff has no option easy"),
        (
            put("cell", "draw", "sampler", "options", "best", value=1),
            "the sampler fairforget/random has no option best",
        ),
        (put("cell", "task", "options", "easy", value=1), "the task fairforget/biographies has no option easy"),
        (put("cell", "draw", "sampler", "name", value="fairforget/mine"), "there is no sampler fairforget/mine"),
        (put("cell", "curriculum", "name", value="fairforget/mine"), "there is no curriculum fairforget/mine"),
        (put("draw_info", value=nested(70)), "nested deeper"),
        (put("scores", "forget_mia", "value", value=1e308), "forget_mia is averaged and is 1e+308, no share"),
        (put("scores", "forget_mia", "value", value=-5), "forget_mia is averaged and is -5, no share"),
        (put("scores", "forget_mia", "value", value=True), "scores.forget_mia.value is True"),
        (put("cell", "seed", value=-1), "cell.seed"),
        (put("cell", "draw", "index", value=True), "cell.draw.index"),
        (put("environment", "distributions", value={}), "version of fairforget"),
        (put("cell", "method", "name", value="acme/star"), "is of version 0.1.0, and its environment had none"),
        (put("cell", "method", "dist_version", value="9"), "is of version 9, and its environment had version 0.1.0"),
        (put("cell", "method", "dist_version", value=f"sha256:{'0' * 12}"), "is a file that calls itself fairforget"),
        (put("cell", "method", "dist_version", value=None), "does not say of which version of which distribution"),
    ],
)
def test_a_hostile_record_is_refused_by_name(attack, edit, reason):
    code, said = attack(edit)
    assert code == 1, said
    assert reason in said, said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"{" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b" " * (4 * 1024**2 + 1), "larger than 4 MiB"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"", "not JSON"),
        (b"null", "the file is"),
        (b'{"schema":1,"schema":1}', "stands twice"),
        (b'{"schema":NaN}', "NaN is no JSON number"),
        (b'{"schema":' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"schema":2}', "its schema is '2'"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not JSON"),
    ],
)
def test_what_is_no_record_is_refused_by_name(attack, content, reason):
    code, said = attack(content=content)
    assert code == 1, said
    assert reason in said, said


@pytest.mark.parametrize(
    "place",
    [
        "boards/run.sh",
        "boards/deep/people.yaml",
        "boards/people.yml",
        "boards/.hidden.yaml",
        "boards/people.yaml.orig",
        "results/.gitattributes",
        f"results/{RLO}x",
        "results/a\x1b[2Jb",
        "results/a\nb",
        "results/\udcff",
        "boards/\udcff.yaml",
        "results/" + "/".join("a" * 40),
    ],
)
def test_a_file_that_belongs_nowhere_is_refused(attack, published, place, capsys):
    path = published / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    code, said = attack.check()
    assert code == 1, said
    assert "has no place here" in said or "a folder too deep" in said
    base = published.parent / "base"
    capsys.readouterr()
    assert main(["submit", "--check", str(base), "--to", str(published), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["reason"] in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("by: x\n", "cells is missing"),
        ("[]", "a declaration is a mapping of keys, not a list"),
        ("", "a declaration is a mapping of keys, not null"),
        ("by: [\n", "not valid YAML"),
        ("by: !!python/object/apply:os.system [id]\n", "tags such as"),
        (f"by: {'[' * 5000}", "nested more than"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [" + "*b, " * 9000 + "]\n", "more than 20000 values"),
        ("x" * 300_000, "larger than 256 KiB"),
        ('by: "\\e[2J"\nby: y\n', "duplicate key"),
        ("{head}code: javascript:alert(1)\n{cells}", "code"),
        ("{head}code: null\ncells: [../../etc/passwd]\n", "cells.0"),
        ("{head}code: null\ncells: []\n", "cells: must have at least 1 entry"),
        ("{head}code: null\nhidden: true\n{cells}", "hidden: unknown key"),
        ("{head}code: null\ncells: [{other}]\n", "about a cell that is not beside it"),
        ("{trials}code: null\n{cells}", "trials 0 goes with draws: none"),
    ],
)
def test_a_hostile_declaration_is_refused_by_name(attack, published, text, reason):
    attack()
    (said,) = (published / "results").rglob(f"submission-{'0' * 12}.yaml")
    whole = said.read_text()
    cells = whole[whole.index("cells:") :]
    head = "by: Mal\ntrained_on_evaluation: false\ntuning: {trials: 0, draws: none}\n"
    told = {"head": head, "cells": cells, "other": "a" * 24, "trials": head.replace("none", "same")}
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", value)
    said.write_text(text)
    code, err = attack.check()
    assert code == 1
    assert reason in err, err


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


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"results": ["/etc"]}, "leads out of leaderboards"),
        ({"results": ["../../.."]}, "leads out of leaderboards"),
        ({"results": ["~"]}, "leads out of leaderboards"),
        ({"results": [f"../results/{'a' * 280}"]}, "a name of more than 255 bytes"),
        ({"results": ["../**"]}, "is not supported"),
        ({"strata": {"random": 1e308, "hard": 1e308}}, "must be less than or equal to 1000000"),
        ({"strata": {f"{RLO}x\x1b[2J": 1}}, "there is no stratum"),
        ({"score": {"completeness": ["best"], "utility": ["best"]}}, "no result has such a column"),
        ({"ranks": "mine"}, "ranks: unknown key"),
        ({"name": "../x"}, "must be lower-case letters"),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_a_hostile_board_file_is_refused_by_name(attack, published, changes, reason, new):
    from fairforget.study.yaml_lines import read_yaml

    path = published / "boards" / "people.yaml"
    found = read_yaml(path).value | ({"name": "other"} if new else {}) | changes
    (path.with_name("other.yaml") if new else path).write_text(to_yaml(found))
    code, said = attack.check()
    assert code == 1
    assert reason in said, said


def brought(record, **changes):
    """Make a record one of a model that was made elsewhere."""
    record["cell"]["method"] |= {
        "name": "fairforget/checkpoint",
        "options": {"path": "/home/ada/models/{digest}"},
        "brought": {"made_by": "mine", "content": {"model.safetensors": "0" * 64}},
        "paths": ["path"],
    } | changes
    record["cell"]["curriculum"] = None


def test_a_model_that_was_made_elsewhere_is_submitted_as_one(attack):
    assert attack(brought) == (0, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paths": ["path", "label"]}, "calls options of the method paths that are none: label"),
        ({"paths": []}, "the option path of a method is a path of one machine"),
        ({"paths": "path"}, "the paths of a method are no list"),
        ({"brought": {"made_by": "mine"}}, "does not say what came back"),
        ({"brought": {"content": {"a": "b"}}}, "does not say what came back"),
        ({"brought": [1]}, "does not say what came back"),
        ({"weights": "best"}, "a method says what no cell says of one: weights"),
    ],
    ids=str,
)
def test_one_that_says_less_or_more_is_refused_by_name(attack, changes, reason):
    code, said = attack(lambda record: brought(record, **changes))
    assert code == 1, said
    assert reason in said, said
