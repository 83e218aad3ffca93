"""Work of a method that the ledger could not see: found by what it left behind, and kept as problems of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from fairforget.lm.split import whole
from fairforget.run.counting.ledger import Counts

if TYPE_CHECKING:
    from fairforget.run.updates.live import LiveRun

KIND = "uncounted"
"""Of the problems that are returned here."""

_PACKED = 2.0
"""A sequence of so many times the longest text is no text: refusals and templates may make it somewhat longer."""


def uncounted(run: LiveRun, weights: Mapping[str, torch.Tensor]) -> list[dict[str, str]]:
    """Return what speaks against the ledger of a run that has ended.

    Passes are seen in the ``forward`` of the model's classes. A traced copy, another process, or products with the
    weights written out by hand have none. Then weights change without a pass, or with fewer backward passes than there
    were samples to forget in the batches. A method that computes its weights without passes, or leaves samples out, is
    told so, too, for nobody can tell the two apart. Work beside a backward pass for each sample is not found.

    Args:
        run: of the cell, after the method.
        weights: of the target, by their names in ``run.model``.
    """
    told = []
    counts = run.ledger.phases.get("unlearning", Counts())
    longest = max((len(s.input_ids) for texts in (run.forget, run.retain) for s in texts), default=0)
    packed = counts.forward_tokens > _PACKED * longest * counts.forward_sequences
    missing = _missing(run, counts.backward_sequences, packed=packed)
    if missing is not None and changed(run.model, weights):
        told.append(f"{missing} that could be seen; what it cost is not in the ledger")
    if packed:
        told.append(
            f"unlearning took {counts.forward_tokens} tokens in {counts.forward_sequences} sequences, and the longest "
            f"text has {longest}: packed or generated texts cost more than the number of sequences says"
        )
    return [{"kind": KIND, "message": message} for message in told]


def changed(model: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> bool:
    """Return whether the model has other weights than these, or other names for them."""
    found = model.state_dict()
    return found.keys() != weights.keys() or any(
        found[name].shape != tensor.shape or not torch.equal(whole(found[name]).to(tensor.device), tensor)
        for name, tensor in weights.items()
    )


def _missing(run: LiveRun, backwards: int, *, packed: bool) -> str | None:
    """Return what was not there, if the weights changed."""
    tally = run.tally
    if tally.unseen:
        return f"{tally.unseen} of {run.ledger.updates} updates were made without any pass"
    if not backwards:
        return "the weights changed without any backward pass"
    # What is packed has fewer sequences, and is told of by itself.
    if backwards < tally.samples and not packed:
        return f"{tally.samples} samples were to be forgotten by no more than {backwards} backward sequences"
    return None
