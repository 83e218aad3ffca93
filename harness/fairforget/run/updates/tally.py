"""What became of the batches of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fairforget.run.counting.ledger import Ledger


@dataclass(eq=False)
class Tally:
    """The batches that were handed out: each is one update in the ledger, once."""

    ledger: Ledger
    batches: int = field(default=0, init=False)
    """Handed out."""
    samples: int = field(default=0, init=False)
    """Forget samples in those that are closed; one that a batch has twice counts once there."""
    first: int = field(default=0, init=False)
    """Forward-equivalents of the first update, from its batch to its step."""
    dearest: int = field(default=0, init=False)
    """The most forward-equivalents from one batch to the next."""
    unseen: int = field(default=0, init=False)
    """Batches from which the ledger saw no pass."""
    in_a_row: int = field(default=0, init=False)
    """How many of these were the last ones."""
    _samples: int = field(default=0, init=False)
    _before: int = field(default=0, init=False)
    _counted: bool = field(default=True, init=False)
    _closed: bool = field(default=True, init=False)

    def open(self, positions: Sequence[int]) -> None:
        """Note that a batch with the forget samples at these positions goes out."""
        self.batches += 1
        self._before = self.ledger.forward_equivalents
        self._samples = len(set(positions))
        self._counted = self._closed = False

    def count(self) -> None:
        """Count the update of the batch that is out, unless it is counted already."""
        if not self._counted:
            self.ledger.updates += 1
            self._counted = True
            self.first = self._spent() if self.batches == 1 else self.first

    def close(self, *, unused: bool) -> bool:
        """Count the update and note what it cost; return False where no batch is out.

        Args:
            unused: whether a batch with which nothing was done is no update: the one at which a method breaks off.
        """
        if self._closed:
            return False
        self._closed = True
        spent = self._spent()
        if unused and not spent and not self._counted:
            return False
        self.count()
        self.samples += self._samples
        self.dearest = max(self.dearest, spent)
        self.unseen += spent == 0
        self.in_a_row = 0 if spent else self.in_a_row + 1
        return True

    def _spent(self) -> int:
        return self.ledger.forward_equivalents - self._before
