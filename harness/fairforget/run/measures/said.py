"""What a model said of texts, kept for a cell so that no text is run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import EncodedSample, SampleSet


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Of the tokens of one text from `start` on: (n_tokens,) each."""

    start: int
    logprobs: np.ndarray
    hits: np.ndarray
    means: np.ndarray | None = None
    deviations: np.ndarray | None = None

    def since(self, start: int) -> Said:
        """Return the same of the tokens from a later one on."""
        left = start - self.start
        means, deviations = (None if part is None else part[left:] for part in (self.means, self.deviations))
        return Said(start, self.logprobs[left:], self.hits[left:], means, deviations)

    def before(self, known: Said) -> Said:
        """Return these with what was known of the later tokens already: another batch may differ in the last bits."""
        new = known.start - self.start
        said = replace(
            self,
            logprobs=np.concatenate([self.logprobs[:new], known.logprobs]),
            hits=np.concatenate([self.hits[:new], known.hits]),
        )
        if self.means is None or self.deviations is None or known.means is None or known.deviations is None:
            return said
        means = np.concatenate([self.means[:new], known.means])
        return replace(said, means=means, deviations=np.concatenate([self.deviations[:new], known.deviations]))


NOTHING = Said(0, np.empty(0), np.empty(0, dtype=bool), np.empty(0), np.empty(0))
"""Of a sample that has no such wording."""


@dataclass(eq=False)
class Texts:
    """By content: equal texts of two sets, or scored from two places on, are one text."""

    known: dict[tuple[tuple[int, ...], int], Said] = field(default_factory=dict)
    """(token ids, end of what is scored) -> what was said."""

    def scores(
        self, model: Any, samples: SampleSet, *, reads: frozenset[str] = frozenset(), batch_tokens: int | None = None
    ) -> list[Said]:
        """Return what the model says of samples; texts of which too little is known share one pass.

        Args:
            model: in the state that everything known was said in.
            samples: their completions.
            reads: what else to take in a pass that has to be made: ``moments``, and ``full`` for the prompt's tokens.
            batch_tokens: padded tokens of one batch, at most.
        """
        new: dict[tuple[tuple[int, ...], int], EncodedSample] = {}
        for sample in samples:
            key = _key(sample)
            if not self._knows(sample, reads) and (key not in new or sample.start < new[key].start):
                new[key] = sample
        if new:
            self._run(model, samples, list(new.values()), reads, batch_tokens)
        return [self.known[_key(sample)].since(sample.start) for sample in samples]

    def _knows(self, sample: EncodedSample, reads: frozenset[str]) -> bool:
        said = self.known.get(_key(sample))
        return said is not None and said.start <= sample.start and not ("moments" in reads and said.means is None)

    def _run(
        self, model: Any, like: SampleSet, new: Sequence[EncodedSample], reads: frozenset[str], batch_tokens: int | None
    ) -> None:
        old = [self.known.get(_key(sample)) for sample in new]
        if "full" in reads:
            wide = [replace(sample, start=1) for sample in new]
        else:
            firsts = [s.start if o is None else min(s.start, o.start) for s, o in zip(new, old, strict=True)]
            wide = [replace(sample, start=first) for sample, first in zip(new, firsts, strict=True)]
        moments = "moments" in reads or any(said is not None and said.means is not None for said in old)
        found = token_scores(model, like.like(wide), batch_tokens=batch_tokens, moments=moments)
        taken = [(None, None)] * len(new) if found.moments is None else found.moments
        for sample, known, logprobs, hits, pair in zip(wide, old, found.logprobs, found.hits, taken, strict=True):
            said = Said(sample.start, logprobs, hits, *pair)
            self.known[_key(sample)] = said if known is None else said.before(known)


def _key(sample: EncodedSample) -> tuple[tuple[int, ...], int]:
    return sample.input_ids, sample.end
