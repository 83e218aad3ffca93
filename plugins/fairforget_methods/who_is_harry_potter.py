"""Learn what a model that does not know the draw would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from fairforget.api import Method, Search
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch, UnlearningRun
    from fairforget.lm.tokens import TokenBatch


@dataclass(frozen=True)
class WhoIsHarryPotter(Method):
    r"""Learn the answers of a model that does not know the draw, told from one that knows it better.

    Labels are :math:`\arg\max_v\,(z_{ref} - \alpha\,\mathrm{relu}(z_{reinforced} - z_{ref}))` at every answer token.

    WHP, Eldan and Russinovich 2023 (arXiv 2310.02238), the part with the reinforced model. A second model is trained
    further on the forget samples; logits that rise by that belong to the draw, and what is highest without them is the
    generic label of a position. The target is then fine-tuned on the true answers with generic labels, by
    cross-entropy; each sample's labels are found once.

    The paper's other part, a dictionary of anchor terms with replacements that a large model writes, is left out: it
    belongs to one book. From memory of the paper: alpha is 5, both stages are short fine-tunings, and there is no
    retain data. How the budget is split is our decision: `reinforce` of it goes to the second model, and until then the
    model is the target. MUSE fine-tunes nothing and subtracts logits whenever the model is asked; what that delivers is
    two models, so it is not offered.
    """

    uses_retain: ClassVar[bool] = False
    copies: ClassVar[int] = 3

    alpha: Annotated[float, "how much of what rose is taken off the logits", Field(gt=0), Search(1.0, 10.0)] = 5.0
    reinforce: Annotated[
        float, "share of the budget that trains the reinforced model", Field(gt=0, lt=1), Search(0.2, 0.8)
    ] = 0.5

    def unlearn(self, run: UnlearningRun) -> None:
        """Train the reinforced model, then the model itself.

        Raises:
            FairforgetError: the budget has no update left for the second stage.
        """
        reinforced = run.second_model()
        first, second = run.trainer(reinforced), run.trainer()
        labels: dict[str, torch.Tensor] = {}
        taught = False
        for batch in run.batches():
            if run.progress < self.reinforce:
                first.update(_forget_loss, batch)
                continue
            reinforced.eval()
            self._find_labels(batch, reinforced, labels)
            second.update(lambda model, part: generic_loss(model, part.forget, labels), batch)
            taught = True
        if not taught and run.stopped == "budget":
            msg = (
                f"who-is-harry-potter: the budget ended while the reinforced model was trained; lower reinforce (now "
                f"{self.reinforce:g}) or raise the budget"
            )
            raise FairforgetError(msg)

    def _find_labels(self, batch: UnlearningBatch, reinforced: Any, labels: dict[str, torch.Tensor]) -> None:
        """Add the generic labels of the samples that have none yet."""
        import torch

        tokens = batch.forget
        if all(name in labels for name in tokens.ids):
            return
        before = batch.reference_scored_logits(tokens)
        with torch.no_grad():
            after = tokens.scored_logits(reinforced)
        found = generic_labels(before, after, self.alpha).split(tokens.scored.sum(-1).tolist())
        for name, own in zip(tokens.ids, found, strict=True):
            labels.setdefault(name, own)


def generic_labels(before: torch.Tensor, after: torch.Tensor, alpha: float) -> torch.Tensor:
    """Return the label of every place, (…), from the logits of both models there, (…, vocabulary)."""
    return (before - alpha * (after - before).relu()).argmax(-1)


def generic_loss(model: Any, tokens: TokenBatch, labels: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean over the labelled tokens of the batch of minus the log-probability of their generic labels."""
    import torch

    targets = torch.cat([labels[name] for name in tokens.ids])
    return torch.nn.functional.cross_entropy(tokens.scored_logits(model), targets)


def _forget_loss(model: Any, batch: UnlearningBatch) -> torch.Tensor:
    return batch.forget.nll(model, "tokens")
