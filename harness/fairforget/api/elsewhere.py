"""Methods whose models were made elsewhere: the harness measures what comes back, and ran nothing itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from fairforget.api.method import Method
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.api.method import UnlearningRun


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which model is wanted: unlearned from one draw, under one seed."""

    digest: str
    """Of the draw: over the ids and the texts of its samples."""
    stratum: str
    draw: int
    """Index of the draw in its stratum."""
    seed: int
    target: str
    """Id of the target model that was to be unlearned."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """A model that came back, before it is loaded."""

    made_by: str
    """What made it, in its maker's words; with the method's options, the identity of its row on boards."""
    content: Mapping[str, str]
    """Digests of everything that decides its weights; they go into the key of the cell."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """What its maker says that it took: ``updates``, ``forward_sequences``, ``backward_sequences``, ``seconds`` and
    whatever else; nobody measured it."""


class MadeElsewhere(Method):
    """A method that runs outside of the harness.

    No curriculum, optimizer or budget of the study reaches it, and the ledger of its cells says what is declared. So
    its rows stand on boards beside the others and have no rank.
    """

    uses_retain: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)
    """Options that say where models lie. They are no part of the key of a cell: the content is."""

    @property
    def by_seed(self) -> bool:
        """Whether there is a model of its own for every seed; otherwise a study with several seeds is refused."""
        return True

    def check(self) -> None:
        """Find out before anything runs whether models can be there at all.

        Raises:
            FairforgetError: they cannot.
        """

    @abstractmethod
    def find(self, wanted: Wanted) -> CameBack:
        """Return what is known of a model; nothing is loaded, and no code of its maker runs.

        Raises:
            FairforgetError: it is missing, is another draw's or target's, or has a form that is not read.
        """

    @abstractmethod
    def load(self, model: Any, wanted: Wanted) -> None:
        """Give the model, which is the target, the weights that came back, in place.

        Raises:
            FairforgetError: they do not fit it.
        """

    def unlearn(self, run: UnlearningRun) -> None:
        """Refuse: there is nothing to run; the harness calls `load`."""
        del run
        msg = f"{type(self).__name__} runs nothing: its models were made elsewhere, and a study loads them"
        raise FairforgetError(msg)
