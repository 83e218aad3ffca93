"""The card of the task facts: its study is valid, and what it counts is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan
from fairforget_tasks.public_facts.relations import RELATIONS, facts_of

CARD = (Path(__file__).parents[2] / "docs" / "tasks" / "facts.md").read_text(encoding="utf-8")


def test_the_study_of_the_card_can_be_planned():
    pytest.importorskip("wordfreq")
    (study,) = re.findall(r"^```yaml\n(.*?)^```$", CARD, re.MULTILINE | re.DOTALL)
    # Three strata of ten draws, four rows.
    assert len(make_plan(parse_study(study).study, Registry.discover())) == 3 * 10 * 4


def test_the_table_of_relations_is_what_there_is():
    rows = re.findall(r"^\| `([\w-]+)`, `([\w-]+)` \|.*\| (\d+) \w+ \|$", CARD, re.MULTILINE)
    assert {name for row in rows for name in row[:2]} == set(RELATIONS)
    for one, other, count in rows:
        assert len(facts_of(one)) == len(facts_of(other)) == int(count)
