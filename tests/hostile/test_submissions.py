"""Submissions: what others offer is laid where it belongs, or refused; what is published stays as it is."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from hostile.asking import asked
from hostile.strategies import changed, spliced
from hostile.watching import run
from hostile.yaml_tricks import TRICKS
from hypothesis import given
from hypothesis import strategies as st

from fairforget.study.cell import cell_key

SAID = {
    "by": "Ada Example <ada@example.org>",
    "code": "https://example.org/code",
    "trained_on_evaluation": False,
    "tuning": {"trials": 0, "draws": "none"},
    "methods": {"fairforget/npo": {"trained_on_evaluation": True, "tuning": {"trials": 3, "draws": "same"}}},
}
BOARD = {
    "name": "people",
    "title": "Invented people",
    "results": ["../results/biographies-v1"],
    "task": {"name": "biographies", "version": 1},
}


@pytest.fixture
def offered(home, factory):
    """A run with a declaration, and leaderboards with a board."""
    records = factory.make_study(draws=1, seeds=1, methods={"npo": (0.8, 0.84)})[:4]
    factory.write(records, home / "run")
    (home / "run" / "submission.yaml").write_text(yaml.safe_dump(SAID))
    (home / "leaderboards" / "boards").mkdir(parents=True)
    (home / "leaderboards" / "results").mkdir()
    (home / "leaderboards" / "boards" / "people.yaml").write_text(yaml.safe_dump(BOARD))
    return records


def submit(home, *more):
    """Submit, and put the leaderboards back as they were."""
    before = {path.name: path.read_bytes() for path in (home / "leaderboards").rglob("*") if path.is_file()}
    ended = run(
        "submit", home / "run", "--to", home / "leaderboards", *more, allowed=(home / "leaderboards" / "results",)
    )
    after = {path.name: path.read_bytes() for path in (home / "leaderboards").rglob("*") if path.is_file()}
    assert before.items() <= after.items()
    assert ended.code == 0 or before == after
    shutil.rmtree(home / "leaderboards" / "results")
    (home / "leaderboards" / "results").mkdir()
    return ended


@asked()
@given(data=st.data())
def test_any_declaration(home, offered, data):
    text = yaml.safe_dump(data.draw(changed(SAID)), allow_unicode=True).encode(errors="surrogatepass")
    content = data.draw(st.one_of(st.just(text), spliced(text, TRICKS)))
    (home / "run" / "submission.yaml").write_bytes(content)
    submit(home)


@asked()
@given(data=st.data())
def test_any_record_in_a_submission(home, offered, data):
    content = data.draw(changed(offered[0]))
    if isinstance(content, dict) and isinstance(content.get("cell"), dict):
        content["key"] = cell_key(content["cell"])
    key = content.get("key") if isinstance(content, dict) else None
    name = key if isinstance(key, str) and key.isalnum() and len(key) < 100 else offered[0]["key"]
    file = home / "run" / "cells" / f"{name}.json"
    before = file.read_bytes() if file.exists() else None
    file.write_text(json.dumps(content))
    submit(home, *data.draw(st.sampled_from([(), ("--dry-run",), ("--json",)])))
    file.unlink() if before is None else file.write_bytes(before)
