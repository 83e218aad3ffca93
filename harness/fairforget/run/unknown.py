"""The samples that a target does not know, of everything that may be forgotten or kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fairforget.lm.passes import token_scores, usable
from fairforget.run.known import kept_sets

if TYPE_CHECKING:
    from fairforget.api import Corpus, Sample
    from fairforget.run.targets.target import Target


def unknown_samples(target: Target, corpus: Corpus) -> dict[str, Any]:
    """Return ``unknown``: ids of the samples whose completion is not the target's own greedy answer, token by token.

    Held-out samples are not looked at: they are there because nobody knows them.
    """
    samples = tuple(dict.fromkeys(_samples(corpus)))
    found = token_scores(target.model, target.encode(samples, corpus))
    passed = zip(samples, found.hits, found.logprobs, strict=True)
    return {"unknown": [s.id for s, hits, logprobs in passed if not (usable(logprobs) and hits.mean() == 1)]}


def _samples(corpus: Corpus) -> Iterator[Sample]:
    yield from corpus.pool
    for samples in kept_sets(corpus).values():
        yield from samples
