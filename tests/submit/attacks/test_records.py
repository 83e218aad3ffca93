"""Hostile records are refused by name."""

from __future__ import annotations

import pytest

from .edits import ELSEWHERE, RLO, nested, put


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
