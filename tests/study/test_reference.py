"""The reference page of the study file."""

from __future__ import annotations

import re
from pathlib import Path

from fairforget.study.load import parse_study
from fairforget.study.reference import reference_page
from fairforget.study.schema import Study

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "study.md"


def test_the_page_is_what_the_schema_says():
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference_page(), "run: python -m fairforget.study.reference > docs/reference/study.md"


def test_the_page_says_how_it_is_made():
    assert "python -m fairforget.study.reference > docs/reference/study.md" in PAGE.read_text(encoding="utf-8")


def test_every_key_is_on_the_page_with_a_meaning():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(Study.model_fields) <= {name for name, _ in rows}
    assert all(meaning.strip() for _, meaning in rows)


def test_the_example_of_the_page_is_a_study():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    study = parse_study(example).study
    assert study.methods[4].spec.options == {"beta": 0.2}
    assert study.optimizer.lr == 1e-5
