from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget_tasks.biographies import Biographies
from fairforget_tasks.biography.design import balance

FACTORS = ("frequency", "distribution", "answer_length", "complexity", "rare_words")


def crosstab(samples, one, other):
    return Counter((s.attributes[one], s.attributes[other]) for s in samples)


@pytest.mark.parametrize("split", ["pool", "retain", "holdout"])
@pytest.mark.parametrize(("one", "other"), list(combinations(FACTORS, 2)))
def test_every_two_factors_are_independent(corpus, split, one, other):
    samples = getattr(corpus, split)
    if split == "holdout" and "frequency" in {one, other}:
        assert {s.attributes["frequency"] for s in samples} == {0}
        return
    table = crosstab(samples, one, other)
    rows, columns = (Counter(s.attributes[name] for s in samples) for name in (one, other))
    # Cramér's V against the table that the margins predict: 0 is independence, 1 the opposite.
    expected = {(r, c): rows[r] * columns[c] / len(samples) for r in rows for c in columns}
    chi2 = sum((table[cell] - e) ** 2 / e for cell, e in expected.items())
    assert np.sqrt(chi2 / len(samples) / (min(len(rows), len(columns)) - 1)) < 0.08


@pytest.mark.parametrize("factor", FACTORS)
def test_margins_are_even(corpus, factor):
    counts = Counter(s.attributes[factor] for s in corpus.pool)
    share = {"in": 3} if factor == "distribution" else {}
    levels = [count / share.get(level, 1) for level, count in counts.items()]
    assert max(levels) - min(levels) <= (4 if factor == "distribution" else 2)


def test_measured_length_is_independent_of_the_other_factors(corpus):
    words = np.array([len(s.completion.split()) for s in corpus.pool], dtype=float)
    for factor, order in (
        ("frequency", [1, 2, 4, 8, 16]),
        ("complexity", ["simple", "compound", "nested"]),
        ("rare_words", [0, 1, 3]),
        ("distribution", ["in", "canary", "shuffled", "domain"]),
    ):
        level = np.array([order.index(s.attributes[factor]) for s in corpus.pool], dtype=float)
        assert abs(np.corrcoef(words, level)[0, 1]) < 0.06, factor


def test_every_person_has_every_length(corpus):
    # Bins of whole people then cannot be bins of length.
    for group in {s.group for s in corpus.pool}:
        assert {s.attributes["answer_length"] for s in corpus.pool if s.group == group} == {"short", "medium", "long"}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(runs=st.integers(1, 60), levels=st.lists(st.integers(1, 4), min_size=1, max_size=3), seed=st.integers(0, 9))
def test_balance_is_even_for_any_number_of_runs(runs, levels, seed):
    factors = {f"f{i}": range(n) for i, n in enumerate(levels)}
    chosen = balance([{}] * runs, factors, random.Random(seed))
    for name, options in factors.items():
        counts = Counter(c[name] for c in chosen)
        assert max(counts.values()) - min(counts[o] for o in options) <= 1
    for one, other in combinations(factors, 2):
        table = Counter((c[one], c[other]) for c in chosen)
        cells = [table[a, b] for a in factors[one] for b in factors[other]]
        assert max(cells) - min(cells) <= 2


def test_a_level_listed_twice_gets_twice_the_share():
    task = Biographies(people=12, frequencies=(1,), distributions=("in", "in", "canary"), samples=1)
    counts = Counter(s.attributes["distribution"] for s in task.corpus().pool)
    assert counts == {"in": 8, "canary": 4}


def test_random_assignment_would_fail_this_test(corpus):
    # The bound above is no formality: chance alone passes it hardly ever.
    rng, failed = random.Random(0), 0
    n = len(corpus.pool)
    for _ in range(100):
        table = Counter((rng.randrange(5), rng.randrange(3)) for _ in range(n))
        rows, columns = Counter(), Counter()
        for (r, c), count in table.items():
            rows[r] += count
            columns[c] += count
        chi2 = sum(
            (table[r, c] - rows[r] * columns[c] / n) ** 2 / (rows[r] * columns[c] / n) for r in rows for c in columns
        )
        failed += np.sqrt(chi2 / n / 2) >= 0.08
    assert failed > 90
