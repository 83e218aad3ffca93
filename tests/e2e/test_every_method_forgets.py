"""Every method with its defaults, on one forget set of the invented people: it forgets, and does not break the model.

The tables of docs/explanation/methods-compared.md come from the same study with more draws.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import fairforget
from fairforget.board.identity import reference_of
from fairforget.board.making.scores import cell_scores
from fairforget.registry import Registry
from fairforget.store.results import Results

STUDY = Path(__file__).parents[2] / "benchmarks" / "quality" / "methods.yaml"
MAY_BREAK = {"grad-ascent", "ce-u"}
"""Nothing holds these back but their budget."""


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """What each method's cell is worth, by name."""
    out = tmp_path_factory.mktemp("methods")
    found = (entry.name for entry in Registry.discover().entries("method"))
    methods = ", ".join(sorted(name for name in found if name not in {"retrain", "checkpoint"}))
    settings = [f"methods=[{methods}]", "curricula=[uniform]", "draws=1", "engine=inline"]
    fairforget.run(STUDY, out, settings=settings)
    records, rejected = Results.read([out])
    assert not rejected
    assert all(record.status == "ok" for record in records)
    return {record.cell["method"]["name"].rpartition("/")[2]: (record, cell_scores(record)) for record in records}


@pytest.mark.slow
def test_it_forgets_and_keeps(scores):
    ((_, untouched),) = [found for found in scores.values() if reference_of(found[0])]
    assert untouched.completeness < 0.15
    assert untouched.utility > 0.9
    methods = {name: found for name, (record, found) in scores.items() if not reference_of(record)}
    assert len(methods) >= 16
    kept = [name for name, found in methods.items() if found.completeness < untouched.completeness + 0.1]
    assert not kept, f"still remembered after {kept}"
    seen = [name for name, found in methods.items() if found.by_probability < untouched.by_probability + 0.05]
    assert not seen, f"as probable as before after {seen}"
    broken = [name for name, found in methods.items() if found.utility < 0.6 and name not in MAY_BREAK]
    assert not broken, f"broken by {broken}"
