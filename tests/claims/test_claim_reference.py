"""The reference page of the claim file, docs/reference/claims.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from fairforget.claims import beside_file, claim_file
from fairforget.claims.expectation import Expectation
from fairforget.claims.open import open_claim
from fairforget.claims.reference import reference_page
from fairforget.claims.statistics.loading import load
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.statistics.reference import reference_page as statistics_page
from fairforget.registry import Registry
from fairforget.study.options import describe
from fairforget.study.planning import make_plan

STATISTICS_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "claim-statistics.md"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "claims.md"
MAPPINGS = [
    model
    for model in {**vars(claim_file), **vars(beside_file), "Expectation": Expectation}.values()
    if isinstance(model, type) and issubclass(model, BaseModel) and model.model_fields
]


def test_the_page_is_what_the_schema_says():
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference_page(), "run: python -m fairforget.claims.reference > docs/reference/claims.md"


def test_every_key_of_every_mapping_is_on_the_page_with_a_meaning():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(MAPPINGS) == 13
    assert sorted(name for name, _ in rows) == sorted(name for model in MAPPINGS for name in model.model_fields)
    assert all(meaning.strip() for _, meaning in rows)


def test_the_example_of_the_page_opens(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "mrd-forgets-more.yaml"
    path.write_text(example)
    registry = Registry.discover()
    claim = open_claim(path, registry)
    assert [site.name for site in claim.sites] == ["small", "wide", "other-seed"]
    assert claim.statistic.options()["first"] == {"curriculum": "mrd-weighted"}
    assert set(claim.controls) == {"shuffled"}
    plans = [make_plan(site.study.study, registry, site.study.places) for site in claim.sites]
    assert [len(plan) for plan in plans] == [60, 60, 60]
    assert plans[1].task.plugin.options()["hidden_size"] == 128


def test_the_page_of_the_statistics_is_what_their_classes_say():
    written = STATISTICS_PAGE.read_text(encoding="utf-8")
    command = "python -m fairforget.claims.statistics.reference > docs/reference/claim-statistics.md"
    assert written == statistics_page(), f"run: {command}"
    assert re.findall(r"^## `(.+)`$", written, re.MULTILINE) == sorted(STATISTICS)
    assert ":math:" not in written


@pytest.mark.parametrize("name", STATISTICS)
def test_every_option_of_a_statistic_says_what_it_is(name):
    cls = load(STATISTICS[name])
    assert [option.name for option in describe(cls) if not option.doc] == []
    assert "Figure: " in (cls.__doc__ or ""), "a reader of claims.json wants to know what the keys are"
