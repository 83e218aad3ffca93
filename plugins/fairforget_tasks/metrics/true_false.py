"""Whether the model tells a true statement from a false one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.items import mean_of

KINDS = ("true_statement", "false_statement")
VERDICT = "verdict"


@dataclass(frozen=True)
class TrueFalse(Metric):
    """Balanced accuracy of True or False: the mean of the shares right of the true and of the false statements.

    A statement is right where the log-probability of the right one of the two verdicts, summed over its tokens, is the
    greater; a tie is wrong. Item: the mean over the statements of either kind, then over the two kinds. The details
    have the shares right of either kind, and the share of all statements that are held for true. Source: the evaluation
    by probability of Krishnan et al. 2025 (2504.05058), whose code asks for true statements only: who says True to
    everything has 1 there, and 0.5 here.

    With by ``pair`` the item is the share of pairs of a true and a false statement of the sample in which true is
    likelier against false, in log-odds, for the true one; a tie is wrong. A model that leans to one of the two words
    whatever is said, as small ones do, is at chance by verdict and need not be by pairs. Derived; not in the paper.

    Samples carry the variants ``true_statement`` and ``false_statement``, prompts that end where the verdict stands,
    and ``verdict``, the words for true and for false. One without them, or with a probability that is not a number, has
    no value.
    """

    by: Annotated[
        Literal["verdict", "pair"], "verdict: each statement alone; pair: a true statement against a false one"
    ] = "verdict"

    higher_is: ClassVar[Literal["more memory"]] = "more memory"

    @property
    def unit(self) -> str:  # type: ignore[override]
        """What the value is a share of."""
        return "balanced accuracy" if self.by == "verdict" else "share of pairs"

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's statements."""
        excluded: dict[str, str] = {}
        margins = {kind: self._margins(subject, kind) for kind in KINDS}
        items: dict[str, float] = {}
        right: dict[str, list[float]] = {kind: [] for kind in KINDS}
        said_true: list[float] = []
        for row, sample in enumerate(subject.samples):
            missing = [kind for kind in KINDS if not sample.variants.get(kind)]
            if missing or len(sample.variants.get(VERDICT, ())) != 2:
                what = missing[0] if missing else f"{VERDICT} of two words"
                excluded[sample.id] = f"the sample has no {what}"
                continue
            told = {kind: np.array([m[row] for m in margins[kind][: len(sample.variants[kind])]]) for kind in KINDS}
            if any(np.isnan(values).any() for values in told.values()):
                excluded[sample.id] = "the probability of a verdict is not a number, or it has no token"
                continue
            shares = [float(np.mean(told[KINDS[0]] > 0)), float(np.mean(told[KINDS[1]] < 0))]
            above = np.mean(told[KINDS[0]][:, None] > told[KINDS[1]])
            items[sample.id] = float(np.mean(shares) if self.by == "verdict" else above)
            for kind, share in zip(KINDS, shares, strict=True):
                right[kind].append(share)
            said_true += (np.concatenate(list(told.values())) > 0).tolist()
        details = {f"right_{kind}": _mean(right[kind]) for kind in KINDS}
        return mean_of(items, excluded, by=self.by, **details, said_true=_mean(said_true))

    def _margins(self, subject: Subject, kind: str) -> list[list[float]]:
        """Return how much likelier true is than false, in nats: a list a statement, a number a sample."""
        most = max((len(s.variants.get(kind, ())) for s in subject.samples), default=0)
        found = []
        for i in range(most):
            yes, no = (subject.logprobs(f"{kind}:{i}", f"{VERDICT}:{k}") for k in range(2))
            found.append([_total(one) - _total(other) for one, other in zip(yes, no, strict=True)])
        return found


def _total(logprobs: np.ndarray) -> float:
    return float(logprobs.sum()) if logprobs.size else float("nan")


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
