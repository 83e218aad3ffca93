"""Whether the model can be told from one that never saw the forget set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Metric, Subject
from fairforget.stats.tofu import ks_test, log_truth_ratio, truth_ratio
from fairforget_tasks.metrics.losses import losses


@dataclass(frozen=True)
class ForgetQuality(Metric):
    """p-value of the two-sample Kolmogorov-Smirnov test between two sets of truth ratios.

    ``tofu`` (2401.06121): s = exp(mean_i L(perturbed_i) - L(paraphrased)) of the samples, under this model and under
    the oracle that was retrained without them; L the mean negative log-probability a token. ``soul`` (2404.18239): the
    ratios of that paper of the samples and of the set `against`, both under this model: another quantity. Its p is high
    where the model treats the two sets alike, whether it remembers both, as a target before unlearning does, or
    neither, and low for one that forgot the samples alone. The arrow, "less memory", is the paper's reading; take such
    a column as a diagnostic. Item: the ratio of the sample. Details: D, n and p, and the ratios it was compared with; p
    falls with n, so figures from sets of other sizes cannot be compared. Not available, and NaN, where the target has
    no oracle. Source: the papers' code, open-unlearning's ``ks_test`` gives the value of ``tofu``.
    """

    definition: Annotated[Literal["tofu", "soul"], "tofu: against the retrained oracle; soul: against a kept set"] = (
        "tofu"
    )
    against: Annotated[str, "soul: the set of kept samples"] = "retain"

    higher_is: ClassVar[Literal["less memory"]] = "less memory"
    unit: ClassVar[str] = "p-value"

    def measure(self, subject: Subject) -> Measurement:
        """Measure the subject's samples; with ``tofu`` the oracle of the draw is measured too, and made if need be.

        Raises:
            FairforgetError: ``soul``, and the task has no set of that name.
        """
        excluded: dict[str, str] = {}
        items = self._items(subject, excluded)
        other = subject.reference() if self.definition == "tofu" else subject.on(self.against)
        if other is None:
            reason = "the target has no retrained oracle to compare with"
            return Measurement(math.nan, items, len(items), excluded, {**self.options(), "reason": reason})
        excluded_there: dict[str, str] = {}
        reference = self._items(other, excluded_there)
        found = ks_test(list(items.values()), list(reference.values()))
        details: dict[str, Any] = {
            **self.options(),
            "D": _number(found.statistic),
            "p": _number(found.p),
            "n": found.n,
            "n_reference": found.n_reference,
            "reference_items": {name: _number(item) for name, item in reference.items()},
            "excluded_reference": len(excluded_there),
        }
        return Measurement(found.p, items, len(items), excluded, details)

    def _items(self, subject: Subject, excluded: dict[str, str]) -> dict[str, float]:
        if self.definition == "soul":
            found = losses(subject, excluded, prompt="paraphrased_prompt", right="paraphrased_completion")
            return {one.sample.id: truth_ratio(one.right, one.wrong, "soul") for one in found}
        with np.errstate(over="ignore"):
            found = losses(subject, excluded, right="paraphrased_completion")
            return {one.sample.id: float(np.exp(log_truth_ratio(one.right, one.wrong))) for one in found}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
