"""A `torch.utils.data.Sampler` as a curriculum."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import index
from typing import TYPE_CHECKING, Any

from fairforget import FairforgetError
from fairforget.api import Curriculum, Sample

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch.utils.data import Sampler


class SamplerCurriculum(Curriculum):
    """An order that a Sampler gives: one number a sample, 0 … n - 1, as many as there are samples in an epoch.

    Derive, with the Sampler's own settings as options, and return the Sampler from `sampler`::

        @dataclass(frozen=True)
        class Mine(SamplerCurriculum):
            def sampler(self, samples, scores, generator):
                return torch.utils.data.RandomSampler(samples, generator=generator)

    A Sampler that wants difficulty says so as any curriculum does: `difficulty` and `refresh_every`. It is made anew
    for every epoch. The numbers it draws come from `generator`, which the harness seeds; one that draws from torch's
    global generator instead is as reproducible, and that generator is left as it was.
    """

    @abstractmethod
    def sampler(self, samples: Sequence[Sample], scores: np.ndarray | None, generator: torch.Generator) -> Sampler[int]:
        """Return the Sampler of one epoch.

        Args:
            samples: the forget samples; a Sampler that asks for a data source takes them as they are.
            scores: (n,) of `difficulty`; None where there is none.
            generator: the source of its random numbers.
        """

    def order(self, samples: Sequence[Sample], scores: np.ndarray | None, rng: np.random.Generator) -> Sequence[int]:
        """Return the positions that the Sampler yields.

        Raises:
            FairforgetError: it yields something else than numbers, or not as many as there are samples.
        """
        import torch

        seed = int(rng.integers(2**63))
        before = torch.get_rng_state()
        try:
            torch.default_generator.manual_seed(seed)  # of the processor alone: no Sampler needs an accelerator's
            made = self.sampler(samples, scores, torch.Generator().manual_seed(seed))
            if not isinstance(made, Iterable):
                msg = f"sampler of {type(self).__name__} returned {made!r}, which is no Sampler"
                raise FairforgetError(msg)
            found = list(islice(made, len(samples) + 1))  # one more tells those that never end
        finally:
            torch.set_rng_state(before)
        positions = [_position(made, given) for given in found]
        if len(positions) != len(samples):
            many = "more" if len(positions) > len(samples) else str(len(positions))
            msg = f"{type(made).__name__} yields {many} positions in an epoch of {len(samples)} samples; set its length"
            raise FairforgetError(msg)
        return positions


def _position(made: object, given: Any) -> int:
    try:
        if not isinstance(given, bool):  # of a mask
            return index(given)
    except TypeError:
        pass
    msg = f"{type(made).__name__} yields {type(given).__name__}s; a curriculum wants single positions"
    raise FairforgetError(msg)
