"""Models that were unlearned with other code, one folder a draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fairforget.api import MadeElsewhere
from fairforget.errors import FairforgetError
from fairforget.paths import lies_at, short
from fairforget_methods.checkpoint_file import FILE, declared
from fairforget_methods.checkpoint_path import check_template, fields_of, folder_of, root_of
from fairforget_methods.checkpoint_weights import content_of, load_weights

if TYPE_CHECKING:
    from fairforget.api import CameBack, Wanted


@dataclass(frozen=True)
class Checkpoint(MadeElsewhere):
    """Evaluate models that come back from elsewhere: whole ones as safetensors, or LoRA adapters.

    ``fairforget draws STUDY --out DIR`` writes what is to be forgotten; code that knows nothing of fairforget unlearns,
    and writes one folder for every draw. Beside the weights lies ``unlearned.json``, which declares the digest of the
    draw, the target, what made the model, and what it took. A model of another draw is refused. Only weights are read:
    architecture, tokenizer and settings of generation are the target's.
    """

    path: Annotated[
        str,
        "folder of the model of a draw; {digest}, {stratum}, {draw} and {seed} are replaced by those of the cell",
    ] = "models/{digest}"

    def __post_init__(self) -> None:
        """Refuse a template that no path can be made of."""
        check_template(self.path)

    @property
    def by_seed(self) -> bool:
        """Whether the path has a place for the seed."""
        return "seed" in fields_of(self.path)

    def check(self) -> None:
        """Find out whether the folder that holds the models is there.

        Raises:
            FairforgetError: it is not.
        """
        root = root_of(self.path)
        if lies_at(root) != "folder":
            msg = (
                f"there is no folder {short(root)}, where models made elsewhere should lie (path: {self.path}); "
                "'fairforget draws' writes the forget sets for whoever makes them"
            )
            raise FairforgetError(msg)

    def find(self, wanted: Wanted) -> CameBack:
        """Return what a folder declares, after checking that it is of this draw, and digests of its weights."""
        folder = folder_of(self.path, wanted)
        return declared(folder / FILE, wanted, content_of(folder), seeded=self.by_seed)

    def load(self, model: Any, wanted: Wanted) -> None:
        """Load the weights, or merge the adapter, into the target."""
        load_weights(model, folder_of(self.path, wanted))
