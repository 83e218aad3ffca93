"""Samples as tokens, and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import torch

from fairforget.api.sample import Corpus, Sample

if TYPE_CHECKING:
    from fairforget.lm.encode import Encoder
    from fairforget.lm.logprobs import TokenLogprobs

IGNORE = -100
"""The label of a position that is not scored, as in transformers."""

Reduction = Literal["sum", "mean", "tokens"]


@dataclass(frozen=True, slots=True)
class EncodedSample:
    """A sample as the model sees it: prompt, completion, end-of-text."""

    sample: Sample
    input_ids: tuple[int, ...]
    start: int
    """Position of the first token of the completion; at least 1, for something has to predict it."""
    end: int
    """Position after the last token of the completion; the end-of-text token, if any, follows."""

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.end <= len(self.input_ids):
            where = f"tokens {self.start} to {self.end} of {len(self.input_ids)}"
            msg = f"sample {self.sample.id!r}: {where} cannot be a completion"
            raise ValueError(msg)

    @property
    def length(self) -> int:
        """Number of scored tokens."""
        return self.end - self.start


class SampleSet(Sequence[EncodedSample]):
    """Encoded samples with what is needed to batch them."""

    def __init__(
        self,
        samples: Sequence[EncodedSample],
        *,
        pad_id: int,
        corpus: Corpus | None = None,
        encoder: Encoder | None = None,
        retrained: Callable[[Collection[str]], Any] | None = None,
    ) -> None:
        self._samples = tuple(samples)
        self.pad_id = pad_id
        self.corpus = corpus
        """The corpus the samples come from, for scores that count words in it."""
        self.encoder = encoder
        """What encoded them, for scores that look at other samples too; None where they were made by hand."""
        self.retrained = retrained
        """Returns the model, in eval mode, that the recipe of the target makes without the samples of some ids; trains
        it where the cache has none. Only difficulties are given it: no method asks a model that never saw samples."""

    @overload
    def __getitem__(self, index: int) -> EncodedSample: ...
    @overload
    def __getitem__(self, index: slice) -> SampleSet: ...
    def __getitem__(self, index: int | slice) -> EncodedSample | SampleSet:
        if isinstance(index, slice):
            return self.like(self._samples[index])
        return self._samples[index]

    def __len__(self) -> int:
        return len(self._samples)

    def take(self, positions: Sequence[int]) -> SampleSet:
        """Return the samples at `positions`, in that order."""
        return self.like([self._samples[i] for i in positions])

    def like(self, samples: Sequence[EncodedSample]) -> SampleSet:
        """Return other samples of the same corpus and encoder."""
        return SampleSet(
            samples, pad_id=self.pad_id, corpus=self.corpus, encoder=self.encoder, retrained=self.retrained
        )

    def with_retrained(self, retrained: Callable[[Collection[str]], Any]) -> SampleSet:
        """Return the same samples for a difficulty that asks models trained without them."""
        return SampleSet(
            self._samples, pad_id=self.pad_id, corpus=self.corpus, encoder=self.encoder, retrained=retrained
        )

    def batch(self, *, eos: bool, device: torch.device | str = "cpu") -> TokenBatch:
        """Return all samples as one right-padded batch.

        Args:
            eos: whether the end-of-text token after the completion is labelled: true for what is trained and
                unlearned, false for what is scored.
            device: where the tensors live.
        """
        return collate(self._samples, pad_id=self.pad_id, eos=eos, device=device)

    def buckets(self, tokens: int) -> Iterator[list[int]]:
        """Yield positions of samples of like length, longest first, padded size at most `tokens` a bucket."""
        order = sorted(range(len(self)), key=lambda i: (-len(self._samples[i].input_ids), i))
        while order:
            width = len(self._samples[order[0]].input_ids)
            size = max(1, tokens // max(width, 1))
            yield order[:size]
            order = order[size:]


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """Right-padded tokens with labels: what a loss works on."""

    ids: tuple[str, ...]
    """Sample ids, one a row."""
    input_ids: torch.Tensor
    """(batch, time) int64."""
    attention_mask: torch.Tensor
    """(batch, time) int64, 0 on padding."""
    labels: torch.Tensor
    """(batch, time) int64, `IGNORE` where nothing is scored; not shifted, as in transformers."""

    @property
    def scored(self) -> torch.Tensor:
        """(batch, time - 1) bool: whether the logits at this position predict a label."""
        return self.labels[:, 1:] != IGNORE

    @property
    def targets(self) -> torch.Tensor:
        """(n,) int64: the labels, row after row."""
        return self.labels[:, 1:][self.scored]

    def logits(self, model: Any) -> torch.Tensor:
        """Run one forward pass: logits (batch, time, vocabulary) in the model's dtype."""
        logits: torch.Tensor = model(
            input_ids=self.input_ids, attention_mask=self.attention_mask, use_cache=False
        ).logits
        return logits

    def scored_logits(self, model: Any) -> torch.Tensor:
        """Run one forward pass: the logits (n, vocabulary) that predict `targets`, float32 (float64 stays)."""
        from fairforget.lm.forward import predicting_logits
        from fairforget.lm.logprobs import at_least_float32

        logits, where = predicting_logits(model, self)
        return at_least_float32(logits[where])

    def logprobs(self, model: Any) -> TokenLogprobs:
        """Run one forward pass: float32 log-probabilities of the labels, (batch, time - 1), with their mask."""
        from fairforget.lm.forward import predicting_logits
        from fairforget.lm.logprobs import predicted_logprobs

        return predicted_logprobs(*predicting_logits(model, self), self.labels)

    def nll(self, model: Any, reduction: Reduction = "tokens") -> torch.Tensor:
        """Run one forward pass and return the negative log-likelihood of the labels.

        Returns:
            ``sum`` and ``mean``: (batch,), over the tokens of each sample; ``tokens``: a scalar, the mean over all
            labelled tokens of the batch, what transformers returns as ``outputs.loss``.
        """
        return self.logprobs(model).nll(reduction)


def collate(
    samples: Sequence[EncodedSample], *, pad_id: int, eos: bool, device: torch.device | str = "cpu"
) -> TokenBatch:
    """Right-pad samples into one batch; see `SampleSet.batch`."""
    # Lists are put together faster than tensors are written into, row by row, and numpy reads them faster than torch.
    width = max((len(s.input_ids) for s in samples), default=0)
    input_ids, mask, labels = list[list[int]](), list[list[int]](), list[list[int]]()
    for sample in samples:
        ids, missing = list(sample.input_ids), width - len(sample.input_ids)
        stop = len(ids) if eos else sample.end
        input_ids.append(ids + [pad_id] * missing)
        mask.append([1] * len(ids) + [0] * missing)
        labels.append([IGNORE] * sample.start + ids[sample.start : stop] + [IGNORE] * (width - stop))
    names = tuple(s.sample.id for s in samples)
    made = (np.array(rows, dtype=np.int64).reshape(len(samples), width) for rows in (input_ids, mask, labels))
    return TokenBatch(names, *(torch.from_numpy(array).to(device) for array in made))
