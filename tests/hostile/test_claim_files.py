"""Claim files: whatever stands in one, listing, opening and planning it ends with the claim or with a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import yaml
from hostile.asking import asked
from hostile.strategies import changed, spliced
from hostile.watching import run
from hostile.yaml_tricks import TRICKS
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.values import Effect

CLAIM = {
    "title": "Outcomes differ between forget sets",
    "statement": "More than 0.3 of the variance lies between forget sets.",
    "family": "selection",
    "source": {"paper": "arXiv:2504.06658", "where": "Fig. 2"},
    "study": {
        "name": "tiny",
        "task": {"name": "biographies", "people": 12},
        "draws": 4,
        "forget_size": 3,
        "methods": ["npo", {"name": "grad-diff", "label": "gd"}],
        "budget": {"epochs": 2},
        "optimizer": {"name": "adamw", "lr": 1.0e-3, "batch_size": 4},
    },
    "targets": {"small": {}, "wide": {"set": {"task.hidden_size": 64, "model.seed": 1, "methods.0.beta": 0.2}}},
    "parts": {"few": {"set": {"forget_size": 2}, "facts": {"forget_size": 2}}, "many": {"set": {"draws": 5}}},
    "scores": ["loss", {"name": "mrd", "sigma": 0.01, "seeds": 2}],
    "cells": True,
    "statistic": {"name": "mean", "column": "forget"},
    "expect": {"above": 0.3, "because": "our margin"},
    "controls": {"other": {"statistic": {"name": "mean", "column": "x", "level": 0.9}, "because": "nothing"}},
    "assumed": {"effect": 0.5, "spread": 0.2, "because": "a pilot"},
    "would_change": "Twice as many forget sets.",
    "means": {"supported": "Draw many.", "contradicted": "One will do.", "undecided": "Draw more."},
}
WORDS = (
    st.sampled_from("./study.yaml ./link/study.yaml ../secret.yaml ./link quickstart fairforget/quality".split()),
    st.sampled_from("small.few task.name name targets.small methods.9 methods.0.name a..b study.name 0 .".split()),
    st.sampled_from([*STATISTICS, "mrd", "loss", "mrd-hessian", "entanglement", "checkpoint", "tofu"]),
    st.sampled_from([{"within": [0, 1]}, {"set": {"draws": 3}}, {"below": -0.5, "because": "x"}, {"name": "mrd"}]),
)
PLUGIN = """\
from fairforget import Entry, hookimpl

@hookimpl
def fairforget_claims():
    return [Entry("one", "claims/one.yaml"), Entry("two", "claims/two.yaml")]
"""


@dataclass(frozen=True)
class Mean(Statistic):
    unit = "forget sets"
    column: str
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95

    def estimate(self, evidence, rng):
        return Effect.unknown(evidence.target)


@pytest.fixture
def place(home, site, monkeypatch):
    """A plugin file with two claims, one of them a stranger's, and what is none of its business."""
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", {**STATISTICS, "mean": f"{__name__}:Mean"})
    (home / "inside" / "claims").mkdir(parents=True)
    (home / "inside" / "mine.py").write_text(PLUGIN)
    (home / "inside" / "claims" / "two.yaml").write_text(yaml.safe_dump(CLAIM))
    (home / "inside" / "claims" / "study.yaml").write_text(yaml.safe_dump(CLAIM["study"]))
    (home / "secret.yaml").write_text("name: not-yours\n")
    (home / "inside" / "claims" / "link").symlink_to(home)
    return home


def look(place, content: bytes):
    """List, open and plan a claim; return how the first two ended."""
    file = place / "inside" / "claims" / "one.yaml"
    file.write_bytes(content)
    before = sorted(place.rglob("*"))
    plugin = place / "inside" / "mine.py"
    listed = run("claims", "list", "--plugin", plugin, plugins=(place / "inside",))
    opened = run("plugins", "show", "one", "--kind", "claim", "--plugin", plugin, plugins=(place / "inside",))
    planned = run("claims", "run", file, "--dry-run", "--out", place / "out")
    for ended in (listed, opened, planned):
        assert ended.code in {0, 2}
        assert "not-yours" not in ended.out + ended.err
    # The other claim stays in the list.
    assert "two" in [row.split()[0] for row in listed.out.splitlines()[1:]]
    assert opened.code == 2 or listed.code == 0
    assert sorted(place.rglob("*")) == before
    return listed, opened


@pytest.mark.slow
@asked()
@given(data=st.data())
def test_any_values_in_a_claim(place, data):
    content = data.draw(changed(CLAIM, words=WORDS))
    text = yaml.safe_dump(content, allow_unicode=data.draw(st.booleans()), sort_keys=False)
    look(place, text.encode(errors="surrogatepass"))


@pytest.mark.slow
@asked()
@given(data=st.data())
def test_any_bytes_in_a_claim(place, data):
    look(place, data.draw(spliced(yaml.safe_dump(CLAIM, sort_keys=False).encode(), TRICKS)))


@pytest.mark.parametrize("bit", TRICKS, ids=lambda bit: bit[:20].decode("latin-1").encode("unicode_escape").decode())
def test_each_trick_of_yaml_alone(place, bit):
    look(place, b"title: " + bit + b"\n")
    look(place, bit)


@pytest.mark.parametrize(
    "study", ["../../secret.yaml", "./link/secret.yaml", "./link/../../../../../etc/passwd", "/etc/passwd", "./link"]
)
def test_a_study_of_somebody_else_is_not_read(place, study):
    _, opened = look(place, yaml.safe_dump({**CLAIM, "study": study}).encode())
    assert opened.code == 2


def test_the_claim_itself_is_opened(place):
    listed, opened = look(place, yaml.safe_dump(CLAIM).encode())
    assert (listed.code, opened.code) == (0, 0), opened.err
