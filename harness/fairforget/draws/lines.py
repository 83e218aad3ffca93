"""A draw as JSON lines: one sample a line, those to forget first."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairforget.api import Corpus, Sample
from fairforget.study.draws import parted

if TYPE_CHECKING:
    from fairforget.lm.tokens import EncodedSample
    from fairforget.run.targets.target import Target


@dataclass(frozen=True)
class Lines:
    """Writes samples of one corpus, in words and in the tokens of its target; each is encoded once."""

    corpus: Corpus
    target: Target
    unknown: Collection[str] = ()
    """Ids of samples that no method keeps by."""
    _known: dict[str, EncodedSample] = field(default_factory=dict)

    def text(self, forget: Collection[str]) -> str:
        """Return the file of a draw: pool order, then the retain set and the rest of the pool."""
        gone, kept = parted(self.corpus, forget, self.unknown)
        lines = [*self._lines(gone, "forget"), *self._lines(kept, "retain")]
        return "\n".join(lines) + "\n"

    def _lines(self, samples: list[Sample], side: str) -> Iterator[str]:
        new = [sample for sample in samples if sample.id not in self._known]
        self._known.update({e.sample.id: e for e in self.target.encode(new, self.corpus)} if new else {})
        for sample in samples:
            encoded = self._known[sample.id]
            yield json.dumps(
                {
                    "set": side,
                    "id": sample.id,
                    "group": sample.group,
                    "prompt": sample.prompt,
                    "completion": sample.completion,
                    "input_ids": list(encoded.input_ids),
                    "scored_from": encoded.start,
                    "sha256": sample.digest(),
                },
                ensure_ascii=False,
                allow_nan=False,
            )
