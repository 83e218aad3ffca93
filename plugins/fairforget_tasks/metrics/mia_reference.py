"""Membership inference by the loss against that of a model that never saw the samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Subject
from fairforget_tasks.metrics.membership import NO_ORACLE, MembershipInference, mean_nll

if TYPE_CHECKING:
    from fairforget.lm.references import ReferenceValues
    from fairforget.lm.tokens import SampleSet

OWNER = "metric mia-reference"
ITSELF = (
    "the oracle is the reference itself and cannot be attacked by it, so there is no oracle_auc and no distance; for "
    "these give another model as reference"
)


@dataclass(frozen=True)
class MiaReference(MembershipInference):
    """AUC of the attack that compares the loss with another model's, so that easy texts do not pass for members.

    Item: mean negative log-likelihood minus that of a reference, in nats a token; higher is less member-like. Value:
    see `MembershipInference`; NaN where the reference is the oracle and there is none. Source: Carlini et al. 2021
    (2012.07805); Watson et al. 2022 (2111.08440). A reference with another tokenizer has other tokens, and so another
    mean; it is asked in its own.
    """

    reference: Annotated[
        Literal["retrain"] | str,  # noqa: PYI051
        "a model trained without the samples: the oracle of the draw (retrain), a folder, or a hub id",
    ] = "retrain"

    attack: ClassVar[str] = "reference"
    own_passes: ClassVar[bool] = False

    def depends_on(self) -> Mapping[str, Any]:
        """Return digests or the commit of the reference.

        Raises:
            FairforgetError: it is missing.
        """
        from fairforget.lm.references import reference_contents

        if self.reference == "retrain":
            return {}
        return {"reference": reference_contents(OWNER, [self.reference], "reference")}

    def pinned(self, found: Mapping[str, Any]) -> MiaReference:
        """Return the metric with the reference of the commit that was found."""
        from fairforget.lm.references import pinned

        if "reference" not in found:
            return self
        return replace(self, reference=pinned(self.reference, found["reference"][0]))

    def measure(self, subject: Subject) -> Measurement:
        """Measure the samples of the subject against those of its set `negatives`.

        Raises:
            FairforgetError: the task has no set of that name; the reference is missing, broken, or cannot read the
                samples.
        """
        if self.reference == "retrain" and subject.reference() is None:
            excluded = {sample.id: NO_ORACLE for sample in subject.samples}
            return Measurement(math.nan, {}, 0, excluded, {**self.options(), "warnings": [NO_ORACLE]})
        found = super().measure(subject)
        if self.reference == "retrain":
            return replace(found, details={**found.details, "warnings": [ITSELF]}) if self.oracle else found
        asked = [self._asked(one) for one in (subject, subject.on(self.negatives))]
        warnings = [*found.details.get("warnings", ())]
        if any(one.split_otherwise for one in asked):
            warnings.append(f"{self.reference!r} makes other tokens of the samples, so losses a token do not compare")
        details = {**found.details, "described": [dict(one.described[0]) for one in asked], "warnings": warnings}
        return replace(found, details=details)

    def scores(self, subject: Subject) -> list[float | None]:
        """Return the items, None where nothing is scored."""
        own = [mean_nll(logprobs) for logprobs in subject.logprobs(scope=self.scope)]
        other = self._other(subject)
        return [None if a is None or b is None else a - b for a, b in zip(own, other, strict=True)]

    def _other(self, subject: Subject) -> list[float | None]:
        if self.reference == "retrain":
            oracle = subject.reference()
            if oracle is None:
                return [None] * len(subject.samples)
            return [mean_nll(logprobs) for logprobs in oracle.logprobs(scope=self.scope)]
        return [float(value) for value in self._asked(subject).values[0]]

    def _asked(self, subject: Subject) -> ReferenceValues:
        """Return what a reference in a folder or on a hub says of the samples; it is loaded once for each set."""
        from fairforget.lm.references import ask_references

        def ask() -> ReferenceValues:
            device = next(subject.model.parameters()).device
            asked = [self.reference]
            return ask_references(OWNER, asked, subject.encode(), self._losses, device, "reference")

        ids = tuple(sample.id for sample in subject.samples)
        return subject.once(("fairforget", OWNER, self.reference, self.scope, ids), ask)

    def _losses(self, model: Any, samples: SampleSet) -> np.ndarray:
        from fairforget.lm.change import in_scope
        from fairforget.lm.passes import token_scores

        found = token_scores(model, in_scope(samples, self.scope)).logprobs
        return np.array([-values.mean() if values.size else math.nan for values in found])
