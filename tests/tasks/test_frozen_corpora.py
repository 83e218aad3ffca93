"""The data of `biographies` that results were made from, and what samplers and other papers need of it."""

from __future__ import annotations

from collections import Counter

import pytest

from fairforget_tasks.biographies import Biographies

PUBLISHED = {
    "people": 60, "retain_people": 12, "holdout_people": 12, "samples": 4, "frequencies": (1, 2, 4),
    "distributions": ("in",), "lengths": ("short", "medium"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "digest"),
    [
        ({}, "1191b2560cc2d7cd83600ae54af74f481de7a55f722da40b737b966f35bdab50"),
        (PUBLISHED, "16c55af49004083a21d80e5bb6b30c1982e23e73aa57da34dd9bb27cdb5eb2d5"),
        (
            {"frequencies": (1, 10), "seed": 3},
            "cced5a5f0a8c5ce247d87bd869eba9c42b1f8eaddc7fcdb025564b49f7f03e4b",
        ),
    ],
)
def test_the_data_of_published_cells_is_what_it_was(options, digest):
    """Pinned: when this fails, raise the version of the task; its results never share a table with those of before."""
    assert Biographies.version == 1
    assert Biographies(**options).corpus().digest() == digest


def test_people_are_of_one_kind_and_one_count():
    """So groups that are drawn whole are on one side of a sampler's strata."""
    groups = {}
    for sample in Biographies().corpus().pool:
        groups.setdefault(sample.group, set()).add((sample.attributes["distribution"], sample.attributes["frequency"]))
    assert {len(found) for found in groups.values()} == {1}
    assert Counter(kind for found in groups.values() for kind, _ in found) == {
        "in": 30, "canary": 10, "shuffled": 10, "domain": 10,
    }  # fmt: skip


@pytest.mark.parametrize("times", [10, 16, 17])
def test_what_is_repeated_is_worded_anew(times):
    """The ×10 of 2504.05058: no text twice, natural answers in both their wordings; 16 texts are all there are."""
    corpus = Biographies(frequencies=(1, times), retain_people=0, holdout_people=0, world_facts=0).corpus()
    texts = {}
    for text in corpus.training_texts():
        texts.setdefault(text.sample, []).append((text.prompt, text.completion))
    often = [sample for sample in corpus.pool if sample.attributes["frequency"] == times]
    assert len(often) == len(corpus.pool) / 2
    for sample in often:
        found = texts[sample.id]
        assert len(found) == times
        assert len(set(found)) == min(times, 16)
        natural = sample.attributes["distribution"] in {"in", "domain"}
        assert len({answer for _, answer in found}) == (2 if natural else 1)
