"""First-party samplers and the difficulty scores they can bin by."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_samplers() -> Iterable[Entry]:
    """Name the samplers."""
    return (
        Entry("random", "fairforget_samplers.random:Random", "uniformly random forget sets"),
        Entry("binned", "fairforget_samplers.binned:Binned", "easy, medium and hard forget sets, matched on length"),
    )


@hookimpl
def fairforget_difficulties() -> Iterable[Entry]:
    """Name the difficulty scores."""
    prefix = "fairforget_samplers.difficulty"
    return (
        Entry("mrd", f"{prefix}.mrd:Mrd", "memory removal difficulty: log-likelihood change under weight noise"),
        Entry("mrd-grad", f"{prefix}.mrd_grad:MrdGrad", "memory removal difficulty in closed form, from gradients"),
        Entry("grad-norm", f"{prefix}.grad_norm:GradNorm", "norm of the gradient of the sample's loss"),
        Entry("loss", f"{prefix}.loss:Loss", "mean negative log-likelihood of the completion"),
        Entry("length", f"{prefix}.length:Length", "number of scored tokens"),
        Entry("frequency", f"{prefix}.frequency:Frequency", "how often the sample occurs in the training text"),
    )
