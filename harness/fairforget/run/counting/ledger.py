"""What a cell spends."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch

from fairforget.run.counting.call_size import call_size, tensors
from fairforget.run.counting.tap import Parts, Tap

PAID = ("unlearning", "reference", "difficulty")
"""The phases that a method pays for. The stop rule and the evaluation are the study's, and shown apart.

Making or loading the oracle that metrics compare with (``oracle``) is apart from the evaluation, for it costs nothing
where another cell has made it; passes through it are evaluation.
"""


@dataclass
class Counts:
    """Passes through the model in one phase.

    A sequence is one row of a batch in one forward pass; a step of generation that continues a cached sequence
    counts its tokens but no further sequence.
    """

    forward_sequences: int = 0
    backward_sequences: int = 0
    forward_tokens: int = 0
    backward_tokens: int = 0
    seconds: float = 0.0

    @property
    def forward_equivalents(self) -> int:
        """Sequences, a forward pass as 1 and a backward pass as 2."""
        return self.forward_sequences + 2 * self.backward_sequences


@dataclass
class Ledger:
    """Counts every forward and backward pass, by phase, whoever makes it."""

    phases: dict[str, Counts] = field(default_factory=dict)
    updates: int = 0
    _open: list[str] = field(default_factory=list)
    _passes: dict[str, _Passes] = field(default_factory=dict)
    _tap: Tap = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to see."""
        self._tap = Tap(self._see)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Book what happens inside under `name`; the seconds of an inner phase are not the outer one's."""
        start = time.perf_counter()
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()
            spent = time.perf_counter() - start
            self._counts(name).seconds += spent
            if self._open:
                self._counts(self._open[-1]).seconds -= spent

    @contextmanager
    def watch(self, model: torch.nn.Module) -> Iterator[None]:
        """Count all passes while inside: through `model`, its copies, its parts and any other language model.

        Calls of parts count as whole passes: as many as the most used kind of part amounts to. What checkpointing runs
        again is not counted again: how much memory there is changes no figure. Gradients are seen by hooks on what a
        call returns.
        """
        with self._tap.on(model):
            yield

    def aside(self) -> AbstractContextManager[None]:
        """Count nothing while inside: for what depends on what lies in the cache, and nobody pays for."""
        return self._tap.aside()

    @property
    def current(self) -> str:
        """The phase under which passes are booked now."""
        return self._open[-1] if self._open else "unlearning"

    @property
    def forward_equivalents(self) -> int:
        """What the method has paid so far: forward passes of one sequence, a backward pass as 2."""
        return sum(self.phases[name].forward_equivalents for name in PAID if name in self.phases)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form kept in a record."""
        names = (*PAID, "stopping", "evaluation", "oracle")
        phases = {name: asdict(self.phases.get(name, Counts())) for name in names}
        return {"updates": self.updates, "forward_equivalents": self.forward_equivalents, **phases}

    def _counts(self, name: str) -> Counts:
        return self.phases.setdefault(name, Counts())

    def _see(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, parts: Parts | None, again: bool
    ) -> None:
        name, size = self.current, call_size(args, kwargs, output)
        passes = self._passes.get(name) or self._passes.setdefault(name, _Passes(self._counts(name)))
        if not again:
            passes.add("forward", parts, size)
        graph = [t for t in tensors(output) if t.requires_grad]
        if graph:
            torch.autograd.graph.register_multi_grad_hook(
                graph, lambda _: passes.add("backward", parts, size), mode="any"
            )


class _Passes:
    """Adds calls to the counts of a phase."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._used: dict[str, dict[type, float]] = {}

    def add(self, direction: Literal["forward", "backward"], parts: Parts | None, size: tuple[int, int]) -> None:
        sequences = self._whole(direction + "_sequences", parts, size[0])
        tokens = self._whole(direction + "_tokens", parts, size[1])
        if direction == "forward":
            self._counts.forward_sequences += sequences
            self._counts.forward_tokens += tokens
        else:
            self._counts.backward_sequences += sequences
            self._counts.backward_tokens += tokens

    def _whole(self, name: str, parts: Parts | None, amount: int) -> int:
        """Return by how many whole passes the count rises."""
        if parts is None:
            return amount
        used = self._used.setdefault(name, {})
        before = _most(used)
        for kind, share in parts.items():
            used[kind] = used.get(kind, 0.0) + share * amount
        return _most(used) - before


def _most(used: dict[type, float]) -> int:
    # The small term keeps sums of thirds from rounding up.
    return math.ceil(max(used.values(), default=0) - 1e-6)
