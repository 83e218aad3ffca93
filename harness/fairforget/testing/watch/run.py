"""A run of the harness that keeps an eye on what a method does between its batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from fairforget.lm.tokens import SampleSet, TokenBatch
from fairforget.run.counting.call_size import tensors
from fairforget.run.updates.batch import LiveBatch
from fairforget.run.updates.live import LiveRun


@dataclass
class Seen:
    """What was seen of a run."""

    altered: list[str] = field(default_factory=list)
    """Texts of batches that were changed."""
    rounds: int = 0
    """The most weights in a row, one after another, that gradients were taken at without a new batch."""
    late: bool = False
    """Whether gradients were taken after the last batch, and the weights changed then."""
    strangers: list[str] = field(default_factory=list)
    """Ids of held-out samples that went through the model."""
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    """Of the batches' forget texts."""


@dataclass(eq=False)
class WatchedRun(LiveRun):
    """A `LiveRun` that watches."""

    seen: Seen = field(default_factory=Seen, init=False)
    _at: set[tuple[float, ...]] = field(default_factory=set, init=False)
    """Weights at which gradients were taken since the last batch came."""
    _over: tuple[float, ...] | None = field(default=None, init=False)
    """The weights when the batches ended."""
    _held_out: dict[str, str] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, run: LiveRun, held_out: SampleSet) -> WatchedRun:
        """Return a watched run that has not begun.

        Args:
            run: as the harness made it.
            held_out: samples that no method is given.
        """
        made = cls(**{f.name: getattr(run, f.name) for f in fields(LiveRun) if f.init})
        given = {_text(s.input_ids) for samples in (run.forget, run.retain) for s in samples}
        texts = {s.sample.id: _text(s.input_ids[: s.end]) for s in held_out}
        made._held_out = {name: text for name, text in texts.items() if not any(text in one for one in given)}
        return made

    def hear(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Look at a pass."""
        if self.ledger.current not in {"unlearning", "reference"}:
            return
        self._look_for_strangers((*args[:1], kwargs.get("input_ids")))
        if any(t.requires_grad for t in tensors(output)):
            self._at.add(self._weights())
            self.seen.rounds = max(self.seen.rounds, len(self._at))

    def close(self) -> None:
        """Look at what happened after the last batch."""
        if self._over is not None and self._at and self._weights() not in self._at:
            self.seen.late = True
        if self._over is not None and len(self._at) > 1:
            self.seen.late = True

    def _hand_out(self) -> Iterator[LiveBatch]:
        for batch in super()._hand_out():
            self._at.clear()
            try:
                yield batch
            finally:
                self._compare(batch)
        self._at.clear()
        self._over = self._weights()

    def _compare(self, batch: LiveBatch) -> None:
        """See whether the texts of a batch are still what they were."""
        for name, source in (("forget", self.forget), ("retain", self.retain)):
            tokens = vars(batch).get(name)
            if isinstance(tokens, TokenBatch):
                self.seen.altered += [f"batch.{name}.{what}" for what in _altered(tokens, source)]
        if "forget" in vars(batch):
            self.seen.shapes.add(tuple(batch.forget.input_ids.shape))

    def _weights(self) -> tuple[float, ...]:
        """Return numbers that change when the weights of any model of the run do."""
        with torch.no_grad():
            # Weighted by place, so that no two changes cancel.
            return tuple(
                float((p.detach().double().flatten() * _places(p.numel(), p.device)).sum())
                for model in sorted(self.models, key=id)
                for p in model.parameters()
            )

    def _look_for_strangers(self, inputs: Sequence[Any]) -> None:
        for ids in inputs:
            if isinstance(ids, torch.Tensor) and ids.dim() == 2 and not ids.is_floating_point():
                rows = [_text(row) for row in ids.tolist()]
                found = [name for name, text in self._held_out.items() if any(text in row for row in rows)]
                self.seen.strangers += [name for name in found if name not in self.seen.strangers]


def _altered(tokens: TokenBatch, source: SampleSet) -> list[str]:
    by_id = {encoded.sample.id: i for i, encoded in enumerate(source)}
    if any(name not in by_id for name in tokens.ids):
        return ["ids"]
    expected = source.take([by_id[name] for name in tokens.ids]).batch(eos=True, device=tokens.input_ids.device)
    names = ("input_ids", "attention_mask", "labels")
    return [name for name in names if not torch.equal(getattr(tokens, name), getattr(expected, name))]


def _text(ids: Sequence[int]) -> str:
    """Return token ids as a text, in which a run of them can be looked for."""
    return "".join(map(chr, ids))


def _places(n: int, device: torch.device) -> torch.Tensor:
    return torch.arange(1, n + 1, dtype=torch.float64, device=device)
